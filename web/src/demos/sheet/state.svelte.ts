import { assignLooks, OWN_LOOK, type Look } from "../../lib/colours";
import type { Facts, Property, RowFn } from "../../lib/lab/contract";
import { factsByName, labOf, type Kernel, type Lab } from "../../lib/lab/lab";
import type { Model } from "../../lib/model";
import { DemoState, reading, type Readers } from "../../lib/state.svelte";
import { search, wordsOf, type Sought } from "./search";
import { propertyName, valueText } from "../../lib/values";
import { messages, summaryOf } from "../../messages";

export const COLUMNS = ["range", "zero_centred", "saturates", "monotone", "smooth", "max_slope"] as const;
export type Column = (typeof COLUMNS)[number];
export type Order = "" | "name" | Column;

export interface Traits {
  /** The whole catalogue. */
  all: boolean;
  /** The column that rows are sorted by; none: the sheet's own order. */
  sort: Order;
  down: boolean;
  filter: string;
  /** The row whose reasons are shown. */
  why: string;
}

export const DEFAULTS: Traits = { all: false, sort: "", down: false, filter: "", why: "" };

export interface Row {
  name: string;
  title: string;
  summary: ReturnType<typeof summaryOf>;
  look: Look;
  /** Softmax has none: it is no function of one number. */
  kernel: Kernel | undefined;
  claims: Readonly<Record<string, Property | undefined>>;
  sought: Sought;
}

function compared(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** A property in the table's words: its name, too, where it is there, so that “saturates” finds what saturates. */
function said(claim: Property): string {
  const { key, value } = claim;
  const name = /^(no|none|neither|unknown)\b/.test(value) ? "" : (messages.sheet.columns[key as Column] ?? propertyName(claim));
  const bounds = key !== "range" ? "" : value.includes("∞") ? messages.sheet.unbounded : messages.sheet.bounded;
  return `${name} ${valueText(value)} ${bounds}`;
}

/** What needs neither the catalogue nor the engine to be read. */
export const LIMITS: Readers<Traits> = {
  all: reading.flag,
  sort: reading.oneOf<Order>("", "name", ...COLUMNS),
  down: reading.flag,
  filter: reading.text,
  why: reading.text,
};

export class SheetState extends DemoState<Traits> {
  readonly #every: Row[];
  readonly #short: Row[];
  readonly rows: readonly Row[] = $derived.by(() => this.#chosen());

  static async open(model: Model): Promise<SheetState> {
    const lab = await labOf(model);
    return new SheetState(model, lab, await factsByName(lab));
  }

  private constructor(model: Model, lab: Lab, facts: ReadonlyMap<string, Facts>) {
    super(model, DEFAULTS, LIMITS);
    const looks = assignLooks(lab.kernels.map(({ fn }) => fn.name));
    const row = (fn: Omit<RowFn, "properties">, properties: readonly Property[], aliases: readonly string[], kernel?: Kernel): Row => ({
      name: fn.name,
      title: fn.title,
      summary: summaryOf(fn),
      look: looks.get(fn.name) ?? OWN_LOOK,
      kernel,
      claims: Object.fromEntries(properties.map((claim) => [claim.key, claim])),
      sought: {
        names: [fn.title, fn.name, ...aliases].join("\n").toLowerCase(),
        words: wordsOf([summaryOf(fn).text, ...properties.map(said)].join("\n")),
      },
    });
    this.#every = [
      ...lab.kernels.map((kernel) => row(kernel.fn, facts.get(kernel.fn.name)?.properties ?? [], kernel.fn.aliases, kernel)),
      ...lab.rowFunctions.map((fn) => row(fn, fn.properties, [])),
    ];
    this.#short = lab.sheet.flatMap((name) => this.#every.find((each) => each.name === name) ?? []);
  }

  get count(): number {
    return this.#every.length;
  }

  /** Up, down, and as it was. */
  sortBy(column: Order): void {
    if (this.now.sort !== column) this.change({ sort: column, down: false });
    else if (!this.now.down) this.change({ down: true });
    else this.change({ sort: "", down: false });
  }

  #chosen(): Row[] {
    const { all, sort, down, filter } = this.now;
    const fits = search(filter);
    // What is looked for is looked for everywhere.
    const rows = (all || fits ? this.#every : this.#short).filter(({ sought }) => fits?.(sought) ?? true);
    if (sort === "") return rows;
    const sign = down ? -1 : 1;
    if (sort === "name") return rows.toSorted((a, b) => sign * a.title.localeCompare(b.title));
    const keys = (row: Row): number[] => row.claims[sort]?.sort ?? [];
    return rows.toSorted((a, b) => {
      const [first, second] = [keys(a), keys(b)];
      // What nobody knows stands last either way.
      if (first.length === 0 || second.length === 0) return Number(first.length === 0) - Number(second.length === 0);
      return sign * compared(first, second);
    });
  }
}
