/**
 * Texts with places for values, in a part of ICU MessageFormat: `{name}`, `{name, number}`, `{name, list}`,
 * `{name, plural, =0 {…} one {…} other {…}}` with `#` for the number, and `{name, select, key {…} other {…}}`.
 * Braces are always places: there is no way to quote one.
 */
export type Values = Readonly<Record<string, string | number | boolean | readonly string[]>>;
/** Words, or a place: the value's name, what is done with it, and the texts that it chooses from. */
export type Piece = string | readonly [name: string, kind: string, cases: ReadonlyMap<string, readonly Piece[]>];

const KEYS: Record<string, RegExp | undefined> = {
  plural: /(=\d+|zero|one|two|few|many|other)\s*\{/y,
  select: /(\w+)\s*\{/y,
};

/** The pieces of a text; an error shows how far it could be read. */
export function parse(text: string): Piece[] {
  let at = 0;

  /** What an expression captures here; reading goes on behind it. */
  function take(form: RegExp): string {
    form.lastIndex = at;
    const found = form.exec(text);
    if (!found) throw new Error(`“${text}” cannot be read from “${text.slice(at)}” on`);
    at = form.lastIndex;
    return found[1] ?? "";
  }

  /** All up to an end; inside a plural, `#` is its number. */
  function pieces(end: RegExp, counted: string): Piece[] {
    const found: Piece[] = [];
    for (;;) {
      const words = take(counted === "" ? /([^{}]*)/y : /([^{}#]*)/y);
      if (words !== "") found.push(words);
      if (text[at] === "{") {
        found.push(place(counted));
      } else if (text[at] === "#") {
        at++;
        found.push([counted, "number", new Map()]);
      } else {
        take(end);
        return found;
      }
    }
  }

  function place(counted: string): Piece {
    const name = take(/\{\s*(\w+)\s*/y);
    const kind = take(/(?:,\s*(number|list|plural|select)\b\s*)?/y);
    const cases = new Map<string, Piece[]>();
    const keys = KEYS[kind];
    if (keys) {
      take(/,\s*/y);
      // Where `other` is missing, the closing brace is no key.
      while (!cases.has("other") || text[at] !== "}") cases.set(take(keys), pieces(/\}\s*/y, kind === "plural" ? name : counted));
    }
    take(/\}/y);
    return [name, kind, cases];
  }

  return pieces(/$/y, "");
}

/** Made once for a language, when it is first wanted. */
const rules = new Map<string, Intl.PluralRules>();
const formats = new Map<string, Intl.NumberFormat>();

function made<Tool>(tools: Map<string, Tool>, language: string, make: new (language: string) => Tool): Tool {
  let tool = tools.get(language);
  if (!tool) tools.set(language, (tool = new make(language)));
  return tool;
}

/** A number with its digits in groups. What needs none is written without the tool for it, which takes 20 ms to make. */
const grouped = (number: number, language: string): string =>
  Number.isInteger(number) && Math.abs(number) < 1000 ? String(number) : made(formats, language, Intl.NumberFormat).format(number);

/** A text with its values put in, as a language writes numbers and counts. */
function fill(pieces: readonly Piece[], values: Values, language: string): string {
  let text = "";
  for (const piece of pieces) text += typeof piece === "string" ? piece : put(piece, values, language);
  return text;
}

function put([name, kind, cases]: Exclude<Piece, string>, values: Values, language: string): string {
  const value = values[name];
  if (value === undefined) throw new Error(`a text lacks its ${name}`);
  if (kind === "number") return grouped(Number(value), language);
  if (kind === "list") return (value as readonly string[]).join(", ");
  const key = String(value);
  let chosen = cases.get(kind === "plural" ? `=${key}` : key);
  if (!chosen && kind === "plural" && cases.size > 1) chosen = cases.get(made(rules, language, Intl.PluralRules).select(Number(value)));
  chosen ??= cases.get("other");
  return chosen ? fill(chosen, values, language) : key;
}

/** What makes a text of values. It is read when it is first wanted. */
export function compile(text: string, language: string): (values: Values) => string {
  let pieces: Piece[] | undefined;
  return (values) => fill((pieces ??= parse(text)), values, language);
}
