import { messages } from "../messages";

/** What a property is called. */
export const propertyName = ({ key, label }: { key: string; label: string }): string => (messages.property as Record<string, string>)[key] ?? label;

/**
 * The short value of a property, which Python writes in English, in the words and with the numbers of the page's
 * language. Where the decimal point is a comma, a semicolon stands between numbers.
 */
export function valueText(english: string): string {
  const phrases = Object.keys(messages.values).toSorted((a, b) => b.length - a.length);
  const own = phrases.length === 0 ? english : english.replace(new RegExp(`\\b(?:${phrases.join("|")})\\b`, "g"), (phrase) => messages.values[phrase] ?? phrase);
  return messages.decimal === "," ? own.replace(/(?<=[\d∞]), /g, "; ").replace(/(?<=\d)\.(?=\d)/g, ",") : own;
}
