/** The worker inside the module: a notebook's widget is one text and can load no other file. */
import Inline from "./worker?worker&inline";

export const spawn = (): Worker => new Inline();
