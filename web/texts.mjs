// Writes src/messages/texts.ts, the types of all texts, from en.json; with --check it says whether that is up to date.
// Every other language must have the texts of en.json, each with the same values put in.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { languages, textsOf } from "./textsPlugin.mjs";

const TYPES = fileURLToPath(new URL("src/messages/texts.ts", import.meta.url));
const FORMAT = readFileSync(new URL("src/messages/format.ts", import.meta.url), "utf8");
const { outputText } = ts.transpileModule(FORMAT, { compilerOptions: { target: "es2023", module: "esnext" } });
const { parse } = await import(`data:text/javascript,${encodeURIComponent(outputText)}`);

/** What may be put in where a text says so. */
const KINDS = { "": ["string", "number"], number: ["number"], plural: ["number"], select: ["string", "boolean"], list: ["readonly string[]"] };
/** Tables and lists of words that each language fills as it needs them: other words for what is there in English already, or for what is typed. */
const FREE = ["start.functions", "start.values", "figures.sheet.not"];

const problems = [];
const isFree = (path) => FREE.includes(path.join("."));
const isWords = (value) => typeof value === "string" && !/[{}]/.test(value);

/** The names of the values that a text takes, each with the types that all its places take. */
function taken(pieces, found = new Map()) {
  for (const piece of pieces) {
    if (typeof piece === "string") continue;
    const [name, kind, cases] = piece;
    const types = KINDS[kind].filter((type) => found.get(name)?.includes(type) ?? true);
    if (types.length === 0) throw new Error(`what is put in for ${name} cannot be all that it is used as`);
    found.set(name, types);
    for (const inner of cases.values()) taken(inner, found);
  }
  return found;
}

/** The same of a text in a file; what is wrong with it is noted. */
function takenBy(text, language, path) {
  try {
    return taken(parse(text));
  } catch (error) {
    wrong(language, path, error.message);
    return new Map();
  }
}

function wrong(language, path, what) {
  problems.push(`src/messages/${language}.json, ${path.join(".")}: ${what}`);
}

/** The type of what stands in en.json. */
function typeOf(value, path, indent = "") {
  const inner = `${indent}  `;
  if (typeof value === "string") {
    const values = [...takenBy(value, "en", path)].map(([name, types]) => `${name}: ${types.join(" | ")}`);
    return values.length === 0 ? "string" : `(values: { ${values.join("; ")} }) => string`;
  }
  if (Array.isArray(value)) {
    const types = value.map((each, index) => typeOf(each, [...path, index], indent));
    return new Set(types).size === 1 ? `${types[0].includes("=>") ? `(${types[0]})` : types[0]}[]` : `[${types.join(", ")}]`;
  }
  if (isFree(path) || Object.keys(value).length === 0) return "Record<string, string>";
  const lines = Object.entries(value).map(([key, each]) => {
    const name = /^[a-z_]\w*$/i.test(key) ? key : JSON.stringify(key);
    return `${inner}${name}: ${typeOf(each, [...path, key], inner)};\n`;
  });
  return `{\n${lines.join("")}${indent}}`;
}

/** Notes where a language's texts are not built as the English ones are. */
function compare(language, own, english, path = []) {
  if (typeof own !== typeof english || Array.isArray(own) !== Array.isArray(english)) {
    wrong(language, path, "this is something else in en.json");
  } else if (typeof own === "string") {
    const values = takenBy(own, language, path);
    const wanted = takenBy(english, "en", path);
    for (const [name, types] of wanted) {
      if (!values.has(name)) wrong(language, path, `there is no {${name}}, as there is in en.json`);
      else if (types.some((type) => !values.get(name).includes(type))) wrong(language, path, `{${name}} is used in another way than in en.json`);
    }
    for (const name of values.keys()) if (!wanted.has(name)) wrong(language, path, `in en.json there is no {${name}}`);
  } else if (isFree(path)) {
    for (const [key, text] of Object.entries(own)) if (!isWords(text)) wrong(language, [...path, key], "here there are only words");
  } else {
    for (const key of Object.keys(english)) {
      if (Object.hasOwn(own, key)) compare(language, own[key], english[key], [...path, key]);
      else wrong(language, [...path, key], "this is missing");
    }
    for (const key of Object.keys(own)) if (!Object.hasOwn(english, key)) wrong(language, [...path, key], "there is nothing of this name in en.json");
  }
}

const english = textsOf("en");
const types = `/** The types of all texts, written from en.json by \`npm run texts\`. */\nexport interface Texts ${typeOf(english, [])}\n`;
for (const language of languages) if (language !== "en") compare(language, textsOf(language), english);

if (!process.argv.includes("--check")) writeFileSync(TYPES, types);
else if (readFileSync(TYPES, "utf8") !== types) problems.push("src/messages/texts.ts is not what en.json makes it: run `npm run texts`");
for (const problem of new Set(problems)) console.error(problem);
process.exitCode = problems.length > 0 ? 1 : 0;
