import { messages } from "../messages";

/** Numbers as text. All have the real minus sign and the language's point; none changes its width more than it must. */
export interface Scientific {
  mantissa: string;
  /** "" when the number is written out. */
  exponent: string;
}

/** JavaScript's digits as people write them. */
export const written = (digits: string): string => digits.replaceAll("-", "−").replace(".", messages.decimal);

function special(value: number): string | undefined {
  if (Number.isNaN(value)) return messages.undefinedValue;
  if (value === Infinity) return "∞";
  if (value === -Infinity) return "−∞";
  return undefined;
}

/** Fixed decimals where they say enough, a power of ten where they do not. */
export function scientific(value: number, decimals = 4): Scientific {
  const word = special(value);
  if (word !== undefined) return { mantissa: word, exponent: "" };
  const size = Math.abs(value);
  if (size === 0 || (size >= 10 ** -decimals && size < 1e5)) {
    return { mantissa: written((value === 0 ? 0 : value).toFixed(decimals)), exponent: "" };
  }
  const [mantissa = "", exponent = ""] = value.toExponential(2).split("e");
  return { mantissa: written(mantissa), exponent: written(exponent.replace("+", "")) };
}

/** The same as one piece of text, for sentences and for speech: small numbers keep two digits. */
export function spoken(value: number, decimals = 2): string {
  const size = Math.abs(value);
  if (size >= 1e-6 && size < 10 ** -decimals) return written(String(Number(value.toPrecision(2))));
  return powered(value, decimals);
}

/** A number as text, with a power of ten where it needs one; `times` stands before that. */
export function powered(value: number, decimals: number, times = " × 10^"): string {
  const { mantissa, exponent } = scientific(value, decimals);
  return exponent === "" ? mantissa : mantissa + times + exponent;
}

const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
/** An exponent where none can be raised: in the small digits that text has. */
export const raised = (exponent: string): string => Array.from(exponent, (c) => (c === "−" ? "⁻" : (RAISED[Number(c)] ?? c))).join("");

/** The same for a drawing, which cannot raise an exponent. */
export function drawn(value: number, decimals: number): string {
  const { mantissa, exponent } = scientific(value, decimals);
  return exponent === "" ? mantissa : `${mantissa}×10${raised(exponent)}`;
}

/** Every digit that the double has. */
export function exact(value: number): string {
  return special(value) ?? written(String(value === 0 ? 0 : value)).replace("e+", "e");
}

/** A tick's label, as exact as the ticks are close together. */
export function onAxis(value: number, step: number): string {
  const decimals = Math.min(Math.max(0, -Math.floor(Math.log10(step) + 1e-9)), 12);
  const size = Math.abs(value);
  if (size < 1e5) return written((value === 0 ? 0 : value).toFixed(decimals));
  const power = (of: number): number => Math.floor(Math.log10(of) + 1e-9);
  const digits = Math.max(0, power(size) - power(step));
  return written(value.toExponential(Math.min(digits, 4))).replace("e+", "e");
}

/** Numbers in a row. Where the decimal point is a comma, a semicolon stands between them. */
export const inRow = (numbers: readonly string[]): string => numbers.join(messages.decimal === "," ? "; " : ", ");

/** As short as a number in a sentence may be. */
export function short(value: number): string {
  return special(value) ?? written(String(Number(value.toPrecision(6)))).replace("e+", "e");
}
