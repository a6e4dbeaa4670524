import { History } from "./history";
import { messages } from "../messages";
import type { Model } from "./model";

/**
 * What a reader takes, in a form that the build writes down for Python, which refuses other values before there is a
 * page. Of `numbers` these are the fewest, the most, the least and the largest. Readers of their own kind have none.
 */
export type Takes =
  | { whole: [low: number, high: number] }
  | { number: [low: number, high: number] }
  | { numbers: [fewest: number, most: number, low: number, high: number] }
  | { oneOf: readonly string[] };

/** Reads one trait: the value if it makes sense, else undefined. */
export type Reader<T> = ((value: unknown) => T | undefined) & { takes?: Takes };

/** All traits as the model has them, and what of them made no sense, as sentences. */
export interface Read<Traits> {
  traits: Traits;
  ignored: string[];
}

/** How each trait is read; one that cannot be is left at its default and named. */
export type Readers<Traits> = { [Name in keyof Traits]: Reader<Traits[Name]> };

const plain = (value: unknown): string => JSON.stringify(value);

/**
 * The state of a demo: `now` is what the link (or the widget's traits) holds. A change is made with `set` and
 * kept, in link and history, by `commit`; `change` does both.
 */
export class DemoState<Traits extends object> {
  now: Traits = $state.raw() as Traits;
  /** Parts of the link that made no sense: sentences to be shown. */
  ignored: string[] = $state.raw([]);
  canUndo = $state(false);
  canRedo = $state(false);

  readonly model: Model;
  readonly #read: () => Read<Traits>;
  readonly #history: History<Traits>;
  #writing = false;

  constructor(model: Model, defaults: Traits, readers: Readers<Traits>);
  constructor(model: Model, read: (model: Model) => Read<Traits>);
  constructor(model: Model, given: Traits | ((model: Model) => Read<Traits>), readers?: Readers<Traits>) {
    this.model = model;
    this.#read = () => (typeof given === "function" ? given(model) : readEach(model, given, readers as Readers<Traits>));
    const { traits, ignored } = this.#read();
    this.now = traits;
    this.ignored = ignored;
    this.#history = new History(traits);
    model.on("change", this.#reread);
  }

  destroy(): void {
    this.model.off("change", this.#reread);
  }

  /** Called after `now` was replaced from outside: by undo, redo, an edited address, or Python. */
  protected restored?(before: Traits): void;

  /** What is kept in link and history. */
  protected get whole(): Traits {
    return this.now;
  }

  /** A page's address holds the state; a notebook's does not. */
  get hasLink(): boolean {
    return this.model.send === undefined;
  }

  set(change: Partial<Traits>): void {
    this.now = { ...this.now, ...change };
  }

  /** Puts the present state into the link and the history. Equal keys in quick succession are one step back. */
  commit(key = ""): void {
    if (plain(this.whole) === plain(this.#history.current)) return;
    this.#history.push(this.whole, key, performance.now());
    this.#settle();
  }

  change(change: Partial<Traits>, key = ""): void {
    this.set(change);
    this.commit(key);
  }

  /** The reader is to guess first. */
  get asking(): boolean {
    return "ask" in this.now && this.now.ask === true;
  }

  /** The question before the figure was answered: from here on the link has the figure without it, and so has every step back. */
  answer(): void {
    const change = { ask: false } as object as Partial<Traits>;
    this.set(change);
    this.#history.amend(change);
    this.#settle();
  }

  /** Back to what was last kept: a gesture was called off. */
  revert(): void {
    this.#restore(this.#history.current);
  }

  undo(): void {
    this.#go(this.#history.move(-1));
  }

  redo(): void {
    this.#go(this.#history.move(1));
  }

  dismissIgnored(): void {
    this.ignored = [];
  }

  #settle(): void {
    this.canUndo = this.#history.canUndo;
    this.canRedo = this.#history.canRedo;
    this.#writing = true;
    for (const [name, value] of Object.entries(this.whole)) this.model.set(name, value);
    this.model.save_changes();
    this.#writing = false;
  }

  #go(traits: Traits | undefined): void {
    if (!traits) return;
    this.#restore(traits);
    this.#settle();
  }

  #restore(traits: Traits): void {
    const before = this.now;
    this.now = traits;
    this.restored?.(before);
  }

  /** The address was edited, or Python set a trait. */
  #reread = (): void => {
    if (this.#writing) return;
    const { traits, ignored } = this.#read();
    this.ignored = ignored;
    if (plain(traits) === plain(this.whole)) return;
    this.#restore(traits);
    this.#history.push(traits, "", performance.now());
    this.canUndo = this.#history.canUndo;
    this.canRedo = this.#history.canRedo;
  };
}

function readEach<Traits extends object>(model: Model, defaults: Traits, readers: Readers<Traits>): Read<Traits> {
  const traits = structuredClone(defaults);
  const ignored = [...((model.get("_ignored") as string[] | undefined) ?? [])];
  for (const name of Object.keys(traits) as (keyof Traits & string)[]) {
    const given = model.get(name);
    const value = readers[name](given);
    if (value !== undefined) traits[name] = value;
    else if (given !== undefined) ignored.push(`${name}=${String(given)}`);
  }
  return { traits, ignored: ignored.map((part) => messages.ignoredPart({ part })) };
}

const taking = <T>(takes: Takes, reader: (value: unknown) => T | undefined): Reader<T> => Object.assign(reader, { takes });

/** Readers for the usual kinds of trait. */
export const reading = {
  number: (low: number, high: number): Reader<number> =>
    taking({ number: [low, high] }, (value) =>
      typeof value === "number" && value >= low && value <= high ? value : undefined,
    ),
  whole: (low: number, high: number): Reader<number> =>
    taking({ whole: [low, high] }, (value) =>
      typeof value === "number" && Number.isInteger(value) && value >= low && value <= high ? value : undefined,
    ),
  flag: (value: unknown): boolean | undefined => (typeof value === "boolean" ? value : undefined),
  text: (value: unknown): string | undefined => (typeof value === "string" ? value : undefined),
  oneOf: <T extends string>(...names: readonly T[]): Reader<T> =>
    taking({ oneOf: names }, (value) => names.find((name) => name === value)),
  numbers: (least: number, most: number, low = -Infinity, high = Infinity): Reader<number[]> =>
    taking({ numbers: [least, most, low, high] }, (value) =>
      Array.isArray(value) &&
      value.length >= least &&
      value.length <= most &&
      value.every((item) => typeof item === "number" && item >= low && item <= high)
        ? (value as number[])
        : undefined,
    ),
  names:
    (known: (name: string) => boolean, most: number): Reader<string[]> =>
    (value) =>
      Array.isArray(value) && value.length <= most && value.every((item) => typeof item === "string" && known(item))
        ? (value as string[])
        : undefined,
};
