import type { Model } from "../../lib/model";
import type { Lab } from "../../lib/lab/lab";
import { reading, type Read, type Readers } from "../../lib/state.svelte";
import { messages } from "../../messages";

/** The whole state of the Explorer, as it stands in a link or in a widget's traits. */
export interface Traits {
  /** Names in the catalogue, at most MOST of them. */
  functions: string[];
  /** A formula of the reader's own; empty when there is none. */
  formula: string;
  z: number;
  layers: number;
  show_second: boolean;
  /** "function.parameter" → value, only where it differs from the default. */
  params: Record<string, number>;
  /** Empty: fitted. [x0, x1]: y fitted. [x0, x1, y0, y1]: y of the first panel too. */
  view: number[];
  predict: boolean;
  /** The function whose tangent, saturation and notation are shown. */
  focus: string;
}

export const MOST = 5;
export const MOST_LAYERS = 100;
/** The name of the reader's formula among the functions. */
export const OWN = "yours";

export const DEFAULTS: Traits = {
  functions: ["sigmoid", "tanh", "relu", "gelu"],
  formula: "",
  z: 1.2,
  layers: 10,
  show_second: false,
  params: {},
  view: [],
  predict: false,
  focus: "",
};

/** What needs neither the catalogue nor the engine to be read. */
export const LIMITS = { layers: reading.whole(1, MOST_LAYERS) } satisfies Partial<Readers<Traits>>;

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

function isView(value: unknown): value is number[] {
  if (!Array.isArray(value) || ![0, 2, 4].includes(value.length) || !value.every(isNumber)) return false;
  const wide = (low: number | undefined, high: number | undefined): boolean =>
    low === undefined || high === undefined || high - low > Math.max(Math.abs(low), Math.abs(high)) * 1e-12;
  return wide(value[0], value[1]) && wide(value[2], value[3]);
}

/** {"elu.alpha": 1}, or {"elu": {"alpha": 1}} as Python may write it. */
function flatten(value: unknown): Map<string, number> {
  const flat = new Map<string, number>();
  if (typeof value !== "object" || value === null) return flat;
  for (const [key, item] of Object.entries(value)) {
    if (isNumber(item)) flat.set(key, item);
    else for (const [inner, number] of flatten(item)) flat.set(`${key}.${inner}`, number);
  }
  return flat;
}

/** Reads the model; what makes no sense is left out and named in `ignored`, never an error. */
export function readTraits(model: Model, lab: Lab): Read<Traits> {
  const traits = structuredClone(DEFAULTS);
  const unread = (model.get("_ignored") as string[] | undefined) ?? [];
  const ignored = unread.map((part) => messages.ignoredPart({ part }));
  const known = new Map(lab.kernels.flatMap(({ fn }) => [fn.name, ...fn.aliases].map((name) => [name, fn.name])));

  function take<K extends keyof Traits>(name: K, accept: (value: unknown) => Traits[K] | undefined): void {
    const given = model.get(name);
    if (given === undefined || given === null) return;
    const value = accept(given);
    if (value === undefined) ignored.push(messages.ignoredTrait({ name, value: typeof given === "number" ? String(given) : JSON.stringify(given) }));
    else traits[name] = value;
  }

  take("functions", (value) => {
    if (!Array.isArray(value)) return undefined;
    const names = value.map(String);
    ignored.push(...names.filter((name) => !known.has(name)).map((name) => messages.ignoredFunction({ name })));
    const unique = [...new Set(names.flatMap((name) => known.get(name) ?? []))];
    ignored.push(...unique.slice(MOST).map((name) => messages.ignoredTooMany({ name })));
    return unique.slice(0, MOST);
  });
  take("formula", (value) => (typeof value === "string" && value.length <= 500 ? value : undefined));
  take("z", (value) => (isNumber(value) ? value : undefined));
  take("layers", LIMITS.layers);
  take("show_second", (value) => (typeof value === "boolean" ? value : undefined));
  take("predict", (value) => (typeof value === "boolean" ? value : undefined));
  take("view", (value) => (isView(value) ? [...value] : undefined));
  take("focus", (value) => (typeof value === "string" ? (known.get(value) ?? value) : undefined));
  take("params", (value) => {
    const params: Record<string, number> = {};
    for (const [key, number] of flatten(value)) {
      const cut = key.indexOf(".");
      const owner = key.slice(0, cut);
      const name = known.get(owner) ?? owner;
      const fn = lab.kernels.find((kernel) => kernel.fn.name === name)?.fn;
      const parameter = fn?.parameters.find((each) => each.name === key.slice(cut + 1));
      if (name !== OWN && !parameter) ignored.push(messages.ignoredTrait({ name: "params", value: key }));
      else params[`${name}.${key.slice(cut + 1)}`] = number;
    }
    return params;
  });
  return { traits, ignored };
}
