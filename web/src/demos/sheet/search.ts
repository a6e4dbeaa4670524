import { messages } from "../../messages";

/** What a row is found by. */
export interface Sought {
  /** Its names, which are found by any part of them. */
  names: string;
  /** What is said of it, which is found by the beginnings of words: “bounded” is not in “unbounded”. */
  words: readonly string[];
}

const BETWEEN = /[^\p{L}\p{N}′’]+/u;
const split = (text: string): string[] => text.split(BETWEEN).filter(Boolean);

/** The words of a text, but for those that it denies: “non-monotone” is nothing to find what is monotone by. */
export function wordsOf(text: string): string[] {
  const denied = new RegExp(`(?<!\\p{L})(?:${messages.sheet.not.join("|")})[-\\s]\\p{L}+`, "gu");
  return split(text.toLowerCase().replace(denied, " "));
}

/** A test for rows by words that all have to be there; those after a “not” must not be. */
export function search(text: string): ((row: Sought) => boolean) | undefined {
  const wanted: ((row: Sought) => boolean)[] = [];
  let not = false;
  for (const word of text.toLowerCase().split(/\s+/).filter(Boolean)) {
    if (messages.sheet.not.includes(word)) {
      not = true;
      continue;
    }
    const prefix = messages.sheet.not.map((each) => `${each}-`).find((each) => word.startsWith(each)) ?? "";
    wanted.push(has(word.slice(prefix.length), not || prefix !== ""));
    not = false;
  }
  return wanted.length === 0 ? undefined : (row) => wanted.every((fits) => fits(row));
}

function has(word: string, not: boolean): (row: Sought) => boolean {
  const parts = split(word); // “zero-centred” has two
  return ({ names, words }) => {
    if (!not && names.includes(word)) return true;
    const there = parts.length > 0 && parts.every((part) => words.some((each) => each.startsWith(part)));
    return there !== not;
  };
}
