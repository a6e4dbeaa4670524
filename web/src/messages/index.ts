import type { art } from "./art/en";
import { en } from "./en";
import type { figures } from "./figures/en";
import type { later } from "./later/en";

/** The same with other words: a text stays a text, and a function takes what it took. */
type Texts<T> = T extends string
  ? string
  : T extends (...given: infer Given) => infer Said
    ? (...given: Given) => Texts<Said>
    : { [Key in keyof T]: Texts<T[Key]> };

/** The texts that every page needs at once. */
export type AtOnce = Texts<typeof en>;
/** Those of a lesson's figures, each under its name. */
export type Figures = Texts<typeof figures>;
/** What comes with what it belongs to, once `fetchTexts` has brought it. */
interface Parts {
  figures: Figures;
  later: Texts<typeof later>;
  art: Texts<typeof art>;
}
export type Part = keyof Parts;
export type Messages = AtOnce & Figures & Omit<Parts, "figures">;

/** The texts of the interface in the page's language; English until `speak` has brought another. */
export let messages = en as AtOnce as Messages;

let spoken = "en";

/** The `lang` of what Python says in English (a function's summary, a refusal) on a page of another language. */
export const english = (): "en" | undefined => (spoken === "en" ? undefined : "en");

/** What a function is, in a sentence, and the `lang` of that. */
export function summaryOf({ name, summary }: { name: string; summary: string }): { text: string; lang: "en" | undefined } {
  const own = messages.functions[name];
  return { text: own ?? summary, lang: own === undefined ? english() : undefined };
}

const others = import.meta.glob<{ default: AtOnce }>(["./*.ts", "!./en.ts", "!./index.ts", "!./functions.*.ts"]);
const parts = import.meta.glob<{ default: Parts[Part] }>("./*/*.ts");

/** Takes the texts of a language, where there are any, and says which it is now. Called before any demo starts. */
export async function speak(language: string): Promise<string> {
  const name = language.split("-")[0] ?? "";
  const load = others[`./${name}.ts`];
  if (!load) return "en";
  messages = (await load()).default as Messages;
  spoken = name;
  return language;
}

/** Brings the texts of a part, before that is shown. */
export async function fetchTexts(part: Part): Promise<void> {
  const load = parts[`./${part}/${spoken}.ts`] ?? parts[`./${part}/en.ts`];
  const texts = (await load?.())?.default;
  messages = { ...messages, ...(part === "figures" ? texts : { [part]: texts }) };
}
