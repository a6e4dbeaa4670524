import { messages } from "../../messages";

/** What a class is called: a letter. */
export const className = (index: number): string => messages.softmax.classes[index] ?? "";
