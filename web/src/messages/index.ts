import { has, partOf } from "virtual:texts";
import { compile } from "./format";
import type { Texts } from "./texts";

/** What is fetched together: what every page needs, a lesson's figures, what comes when it is asked for, the studio. */
export type Part = keyof Texts;
/** Texts that are there at once, those of figures each under its name, and other parts under theirs. */
export type Messages = Texts["start"] & Texts["figures"] & Omit<Texts, "start" | "figures">;

/** The texts of the interface in the page's language, as far as they have been fetched. */
export let messages = {} as Messages;

let spoken = "en";
let fetched: Partial<Record<Part, Promise<void>>> = {};

/** The `lang` of what Python says in English (a function's summary, a refusal) on a page of another language. */
export const english = (): "en" | undefined => (spoken === "en" ? undefined : "en");

/** What a function is, in a sentence, and the `lang` of that. */
export function summaryOf({ name, summary }: { name: string; summary: string }): { text: string; lang: "en" | undefined } {
  const own = messages.functions[name];
  return { text: own ?? summary, lang: own === undefined ? english() : undefined };
}

/** What a table of texts calls something; by its own name where there is no other. */
export const named = (table: Readonly<Record<string, string>>, name: string): string => table[name] ?? name;

/** Texts from a file: those with places in them become functions. */
function read(texts: unknown): unknown {
  if (typeof texts === "string") return texts.includes("{") ? compile(texts, spoken) : texts;
  if (Array.isArray(texts)) return texts.map(read);
  return Object.fromEntries(Object.entries(texts as object).map(([key, each]) => [key, read(each)]));
}

function take(part: Part, own: object): void {
  messages = { ...messages, ...(part === "start" || part === "figures" ? own : { [part]: own }) };
}

async function load(part: Part): Promise<void> {
  take(part, read(await partOf(spoken, part)) as object);
}

/** Chooses a language, where there are texts in it, and says which it is now. Called before any demo starts. */
export async function speak(language: string): Promise<string> {
  const name = (language.split("-")[0] ?? "").toLowerCase();
  // The page has brought the first of them along, in its own language or in English.
  const brought = document.querySelector<HTMLElement>("script[data-texts]");
  spoken = brought?.lang || (has(name) ? name : "en");
  if (brought) {
    take("start", read(JSON.parse(brought.textContent)) as object);
    fetched = { start: Promise.resolve() };
  }
  await fetchTexts("start");
  return spoken === name ? language : spoken;
}

/** Brings the texts of a part, before that is shown; what every part needs comes first. */
export async function fetchTexts(part: Part): Promise<void> {
  if (part !== "start") await fetchTexts("start");
  await (fetched[part] ??= load(part).catch((error: unknown) => {
    Reflect.deleteProperty(fetched, part);
    throw error;
  }));
}
