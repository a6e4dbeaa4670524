import { en, type Messages } from "./en";

export type { Messages };

/** The texts of the interface in the page's language; English until `speak` has brought another. */
export let messages: Messages = en;

let spoken = "en";

/** The `lang` of what Python says in English (a function's summary, a refusal) on a page of another language. */
export const english = (): "en" | undefined => (spoken === "en" ? undefined : "en");

const others = import.meta.glob<{ default: Messages }>(["./*.ts", "!./en.ts", "!./index.ts"]);

/** Takes the texts of a language, where there are any, and says which it is now. Called before any demo starts. */
export async function speak(language: string): Promise<string> {
  const load = others[`./${language.split("-")[0] ?? ""}.ts`];
  if (!load) return "en";
  messages = (await load()).default;
  spoken = language;
  return language;
}
