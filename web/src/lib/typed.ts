/**
 * Numbers as people type them: 0.0066, .0066, 0,0066, 6.6e-3, 6.6×10^-3, 6.6·10⁻³, 0.66%, 1/150, 0.2^3, 1 − 0.73, −π/2,
 * "= 5". What is worked out is arithmetic with numbers, e and π, and the square root; functions are for formulas.
 */
const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";
const TOKEN = /(?:\d[\d.,]*|[.,]\d+)(?:e[+-]?\d+)?|pi|sqrt|[-+*/^()eπ√]/y;
const CONSTANTS: Readonly<Record<string, number>> = { e: Math.E, pi: Math.PI, π: Math.PI };

/** The number in a text; NaN if there is none, or none that is finite. */
export function readNumber(text: string): number {
  let plain = text
    .normalize("NFC")
    .toLowerCase()
    .replace(/^\s*[=≈~]+/, "")
    .replace(/[−–—‒]/g, "-")
    .replace(/[\s\u00a0\u2009\u202f_]/g, "")
    .replace(/\*\*/g, "^")
    .replace(/([⁺⁻]?)([⁰¹²³⁴⁵⁶⁷⁸⁹]+)/g, (_, sign: string, digits: string) =>
      `^${sign === "⁻" ? "-" : ""}${[...digits].map((digit) => RAISED.indexOf(digit)).join("")}`)
    .replace(/[×·⋅∙]/g, "*")
    .replace(/(?<=[\d.])x(?=[\d.])/g, "*")
    .replace(/[÷∕⁄]/g, "/");
  let scale = 1;
  if (plain.endsWith("%")) [plain, scale] = [plain.slice(0, -1), 100];
  else if (plain.endsWith("‰")) [plain, scale] = [plain.slice(0, -1), 1000];
  const tokens = split(plain);
  const value = tokens.length > 0 ? new Reader(tokens).all() / scale : NaN;
  return Number.isFinite(value) ? value : NaN;
}

/** The parts of a text; none where something in it is no part of a number. */
function split(text: string): string[] {
  const tokens: string[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.length) {
    const found = TOKEN.exec(text);
    if (!found) return [];
    tokens.push(found[0]);
  }
  return tokens;
}

/** Sums of products of powers. What cannot be read is NaN, and so is all that it is a part of. */
class Reader {
  #at = 0;

  constructor(readonly tokens: readonly string[]) {}

  all(): number {
    const value = this.#sum();
    return this.#at === this.tokens.length ? value : NaN;
  }

  #takes(...wanted: string[]): string | undefined {
    const token = this.tokens[this.#at];
    if (token === undefined || !wanted.includes(token)) return undefined;
    this.#at++;
    return token;
  }

  #sum(): number {
    let value = this.#product();
    for (let sign = this.#takes("+", "-"); sign; sign = this.#takes("+", "-")) value += (sign === "-" ? -1 : 1) * this.#product();
    return value;
  }

  #product(): number {
    let value = this.#signed();
    for (let sign = this.#takes("*", "/"); sign; sign = this.#takes("*", "/")) {
      const factor = this.#signed();
      value = sign === "*" ? value * factor : value / factor;
    }
    return value;
  }

  #signed(): number {
    const sign = this.#takes("+", "-");
    if (sign) return (sign === "-" ? -1 : 1) * this.#signed();
    const base = this.#atom(); // −0.2^3 is −(0.2^3)
    return this.#takes("^") ? base ** this.#signed() : base;
  }

  #atom(): number {
    if (this.#takes("(")) {
      const value = this.#sum();
      return this.#takes(")") ? value : NaN;
    }
    if (this.#takes("sqrt", "√")) return Math.sqrt(this.#atom());
    const token = this.tokens[this.#at++] ?? "";
    return CONSTANTS[token] ?? decimal(token);
  }
}

/** A comma is a decimal point, unless what stands around it are thousands. */
function decimal(text: string): number {
  const [digits = "", exponent = "0"] = text.split("e");
  let plain = digits;
  const comma = plain.lastIndexOf(",");
  const point = plain.lastIndexOf(".");
  if (comma >= 0 && point >= 0) {
    const thousands = comma > point ? "." : ",";
    plain = plain.replaceAll(thousands, "").replace(",", ".");
  } else if (comma >= 0) plain = /^[1-9]\d{0,2}(,\d{3}){2,}$/.test(plain) ? plain.replaceAll(",", "") : plain.replace(",", ".");
  return /^(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(`${plain}e${exponent}`) : NaN;
}
