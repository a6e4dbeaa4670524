import { assignLooks, OWN_LOOK, type Look } from "../../lib/colours";
import { RefusedFormula, type Kernel, type Lab } from "../../lib/lab/lab";
import type { Parameter, Refusal } from "../../lib/lab/contract";
import type { Model } from "../../lib/model";
import { DemoState } from "../../lib/state.svelte";
import { messages } from "../../messages";
import { MOST, OWN, readTraits, type Traits } from "./traits";

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

/** The Explorer's state. */
export class ExplorerState extends DemoState<Traits> {
  /** z alone, apart from `now`, so that a drag touches nothing but what follows z. */
  z = $state(0);
  own: Kernel | null = $state.raw(null);
  refusal: Refusal | null = $state.raw(null);
  compiling = $state(false);

  readonly lab: Lab;
  readonly #looks: Map<string, Look>;
  #request = 0;

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
    super(model, (given) => readTraits(given, lab));
    this.lab = lab;
    this.#looks = assignLooks(lab.kernels.map(({ fn }) => fn.name));
    this.z = this.now.z;
    if (this.now.formula !== "") void this.#compile(this.now.formula);
  }

  look(name: string): Look {
    return this.#looks.get(name) ?? OWN_LOOK;
  }

  override set({ z, ...rest }: Partial<Traits>): void {
    if (z !== undefined) this.z = z;
    if (Object.keys(rest).length > 0) super.set(rest);
  }

  protected override get whole(): Traits {
    return { ...this.now, z: this.z };
  }

  protected override restored(before: Traits): void {
    const { z, formula } = this.now;
    this.z = z;
    if (formula !== "" && (formula !== before.formula || !this.own)) void this.#compile(formula);
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
    const define = this.lab.definer(formula);
    if (!define) {
      this.ignored = [...this.ignored, messages.formulaNeedsServer({ formula })];
      return false;
    }
    this.compiling = true;
    try {
      const kernel = await define({ formula, name: "f" });
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
}
