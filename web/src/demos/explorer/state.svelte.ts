import { assignLooks, OWN_LOOK, type Look } from "../../lib/colours";
import { History } from "../../lib/history";
import { RefusedFormula, type Kernel, type Lab } from "../../lib/lab/lab";
import type { Parameter, Refusal } from "../../lib/lab/contract";
import type { Model } from "../../lib/model";
import { messages } from "../../messages";
import { MOST, OWN, readTraits, writeTraits, type Traits } from "./traits";

/** One function on show: its code, its look and its parameters' values. */
export interface Shown {
  name: string;
  title: string;
  kernel: Kernel;
  look: Look;
  params: number[];
}

/** What f, f′ and f″ are at z. */
export type Values = readonly [number, number, number];

/** The Explorer's state. Everything in `now` is in the link; a change is made with `set` and kept by `commit`. */
export class ExplorerState {
  now: Traits = $state.raw() as Traits;
  /** z alone, apart from `now`, so that a drag touches nothing but what follows z. */
  z = $state(0);
  notes: string[] = $state.raw([]);
  own: Kernel | null = $state.raw(null);
  refusal: Refusal | null = $state.raw(null);
  compiling = $state(false);
  canUndo = $state(false);
  canRedo = $state(false);

  readonly lab: Lab;
  readonly #model: Model;
  readonly #looks: Map<string, Look>;
  #history: History<Traits>;
  #request = 0;
  #writing = false;

  readonly shown: Shown[] = $derived.by(() => {
    const kernels = this.now.functions.flatMap((name) => this.lab.kernels.find(({ fn }) => fn.name === name) ?? []);
    const all = kernels.map((kernel) => this.#show(kernel, kernel.fn.name));
    if (this.own && this.now.formula !== "") all.push(this.#show(this.own, OWN));
    return all;
  });

  readonly focus: Shown | undefined = $derived(
    this.shown.find(({ name }) => name === this.now.focus) ?? this.shown[0],
  );

  readonly values: Readonly<Record<string, Values>> = $derived(
    Object.fromEntries(
      this.shown.map(({ name, kernel, params }) => [
        name,
        [kernel.at(0, this.z, params), kernel.at(1, this.z, params), kernel.at(2, this.z, params)] as const,
      ]),
    ),
  );

  constructor(model: Model, lab: Lab) {
    this.#model = model;
    this.lab = lab;
    this.#looks = assignLooks(lab.kernels.map(({ fn }) => fn.name));
    const { traits, ignored } = readTraits(model, lab);
    this.now = traits;
    this.z = traits.z;
    this.notes = ignored;
    this.#history = new History(traits);
    if (traits.formula !== "") void this.#compile(traits.formula);
    model.on("change", this.#reread);
  }

  destroy(): void {
    this.#model.off("change", this.#reread);
  }

  /** A page's address holds the state; a notebook's does not. */
  get hasLink(): boolean {
    return this.#model.send === undefined;
  }

  look(name: string): Look {
    return this.#looks.get(name) ?? OWN_LOOK;
  }

  set(change: Partial<Traits>): void {
    if (change.z !== undefined) this.z = change.z;
    const rest = { ...change };
    delete rest.z;
    if (Object.keys(rest).length > 0) this.now = { ...this.now, ...rest };
  }

  /** Puts the present state into the link and the history. Equal keys in quick succession are one step back. */
  commit(key = ""): void {
    const traits = this.#snapshot();
    if (JSON.stringify(traits) === JSON.stringify(this.#history.current)) return;
    this.#history.push(traits, key, performance.now());
    this.#settle(traits);
  }

  change(change: Partial<Traits>, key = ""): void {
    this.set(change);
    this.commit(key);
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

  dismissNotes(): void {
    this.notes = [];
  }

  // Which functions

  get full(): boolean {
    return this.now.functions.length >= MOST;
  }

  add(name: string): void {
    if (this.now.functions.includes(name)) this.change({ focus: name });
    else if (!this.full) this.change({ functions: [...this.now.functions, name], focus: name });
  }

  remove(name: string): void {
    if (name === OWN) this.change({ formula: "" });
    else this.change({ functions: this.now.functions.filter((each) => each !== name) });
  }

  // Parameters

  parameterKey(owner: string, parameter: Parameter): string {
    return `${owner}.${parameter.name}`;
  }

  parameter(owner: string, parameter: Parameter): number {
    return this.now.params[this.parameterKey(owner, parameter)] ?? parameter.default;
  }

  setParameter(owner: string, parameter: Parameter, value: number): void {
    const key = this.parameterKey(owner, parameter);
    const others = Object.entries(this.now.params).filter(([each]) => each !== key);
    const changed = value === parameter.default ? [] : [[key, value] as const];
    this.set({ params: Object.fromEntries([...others, ...changed]) });
  }

  // The reader's own formula

  async define(formula: string): Promise<boolean> {
    const done = await this.#compile(formula);
    if (done) this.change({ formula, focus: OWN });
    return done;
  }

  clearRefusal(): void {
    this.refusal = null;
  }

  async #compile(formula: string): Promise<boolean> {
    const request = ++this.#request;
    if (!this.lab.define) {
      this.notes = [...this.notes, messages.formulaNeedsServer(formula)];
      return false;
    }
    this.compiling = true;
    try {
      const kernel = await this.lab.define({ formula, name: "f" });
      if (request !== this.#request) return false;
      this.own = kernel;
      this.refusal = null;
      return true;
    } catch (error) {
      if (request !== this.#request) return false;
      this.refusal =
        error instanceof RefusedFormula
          ? error.refusal
          : { message: messages.serverUnreachable, position: null, length: 0, hint: String(error) };
      return false;
    } finally {
      if (request === this.#request) this.compiling = false;
    }
  }

  #show(kernel: Kernel, name: string): Shown {
    const params = kernel.fn.parameters.map((parameter) => this.parameter(name, parameter));
    const title = name === OWN ? messages.own : kernel.fn.title;
    return { name, title, kernel, look: name === OWN ? OWN_LOOK : this.look(name), params };
  }

  #snapshot(): Traits {
    return { ...this.now, z: this.z };
  }

  #settle(traits: Traits): void {
    this.canUndo = this.#history.canUndo;
    this.canRedo = this.#history.canRedo;
    this.#writing = true;
    writeTraits(this.#model, traits);
    this.#writing = false;
  }

  #go(traits: Traits | undefined): void {
    if (!traits) return;
    this.#restore(traits);
    this.#settle(traits);
  }

  #restore(traits: Traits): void {
    const { formula } = this.now;
    this.now = traits;
    this.z = traits.z;
    if (traits.formula !== "" && (traits.formula !== formula || !this.own)) void this.#compile(traits.formula);
  }

  /** The address was edited, or Python set a trait. */
  #reread = (): void => {
    if (this.#writing) return;
    const { traits, ignored } = readTraits(this.#model, this.lab);
    this.notes = ignored;
    if (JSON.stringify(traits) === JSON.stringify(this.#snapshot())) return;
    this.#restore(traits);
    this.#history.push(traits, "", performance.now());
    this.canUndo = this.#history.canUndo;
    this.canRedo = this.#history.canRedo;
  };
}
