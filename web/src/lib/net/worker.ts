import { answer } from "./calls";
import { Networks } from "./networks";

answer(self as unknown as Worker, new Networks());
