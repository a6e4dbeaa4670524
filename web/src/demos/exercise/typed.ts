/**
 * Numbers as people type them: 0.0066, .0066, 0,0066, 6.6e-3, 6.6×10^-3, 6.6·10⁻³, 0.66%, 1/150, 0.2^3, −0.5, "= 5".
 * Products and quotients are worked out, since that is how a person writes such a number; sums are not.
 */
const DECIMAL = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/;
const RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** The number in a text; NaN if there is none. */
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
    .replace(/[÷∕⁄]/g, "/")
    .replace(/(?<=\d)\*10\^\(?([+-]?\d+)\)?/g, "e$1");
  let scale = 1;
  if (plain.endsWith("%")) [plain, scale] = [plain.slice(0, -1), 100];
  else if (plain.endsWith("‰")) [plain, scale] = [plain.slice(0, -1), 1000];
  return product(plain) / scale;
}

function product(text: string): number {
  if (/^-?\(.*\)$/.test(text)) text = text.replace(/[()]/g, "");
  const parts = text.split(/([*/])/);
  let value = power(parts[0] ?? "");
  for (let i = 1; i < parts.length; i += 2) {
    const factor = power(parts[i + 1] ?? "");
    value = parts[i] === "*" ? value * factor : value / factor;
  }
  return Number.isFinite(value) ? value : NaN;
}

function power(text: string): number {
  const [base = "", exponent, ...more] = text.split("^");
  if (more.length > 0) return NaN;
  const raised = exponent?.replace(/^\((.*)\)$/, "$1");
  if (raised === undefined) return decimal(base);
  const negative = base.startsWith("-"); // −0.2^3 is −(0.2^3)
  const size = decimal(negative ? base.slice(1) : base) ** decimal(raised);
  return negative ? -size : size;
}

/** A comma is a decimal point, unless what stands around it are thousands. */
function decimal(text: string): number {
  let plain = text;
  const comma = plain.lastIndexOf(",");
  const point = plain.lastIndexOf(".");
  if (comma >= 0 && point >= 0) {
    const thousands = comma > point ? "." : ",";
    plain = plain.replaceAll(thousands, "").replace(",", ".");
  } else if (comma >= 0) plain = /^[+-]?[1-9]\d{0,2}(,\d{3}){2,}$/.test(plain) ? plain.replaceAll(",", "") : plain.replace(",", ".");
  return DECIMAL.test(plain) ? Number(plain) : NaN;
}
