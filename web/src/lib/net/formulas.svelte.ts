import { messages } from "../../messages";
import type { OwnActivation } from "../activations";
import type { Fn, Refusal } from "../lab/contract";
import { RefusedFormula, type Kernel, type Lab } from "../lab/lab";
import { isFormula } from "./isFormula";

/** A formula's function. Its name is the formula. */
export interface Own {
  fn: Fn;
  kernel: Kernel;
}

/** The reader's own functions for networks, compiled by Python one after another. */
export class Formulas {
  all: readonly Own[] = $state.raw([]);
  /** The last one, if Python did not take it, and why. */
  refused: { text: string; refusal: Refusal } | undefined = $state.raw();
  /** One whose parameters have to become numbers first. */
  asking: Own | undefined = $state.raw();
  /** How many are being compiled, or wait for it. */
  waiting = $state(0);
  readonly #lab: Pick<Lab, "define" | "definer">;
  #last: Promise<unknown> = Promise.resolve();

  constructor(lab: Pick<Lab, "define" | "definer">) {
    this.#lab = lab;
  }

  /** Whether there is anything here that could compile a reader's. */
  get able(): boolean {
    return this.#lab.define !== undefined;
  }

  get(text: string): Own | undefined {
    return this.all.find(({ fn }) => fn.name === text);
  }

  /** Whether all of these are at hand, those that are names included. */
  has(names: readonly string[]): boolean {
    return names.every((name) => !isFormula(name) || this.get(name));
  }

  /** Has the formulas among these compiled; false as soon as one is refused, which `refused` then tells. */
  define(names: readonly string[]): Promise<boolean> {
    this.waiting++;
    const done = this.#last.then(async () => {
      for (const name of names) if (isFormula(name) && !(await this.#compile(name))) return false;
      return true;
    });
    this.#last = done.finally(() => this.waiting--);
    return done;
  }

  /** The formulas among these, for the engine. */
  forEngine(names: readonly string[]): OwnActivation[] {
    return names.flatMap((name, place) => {
      const { fn, kernel } = this.get(name) ?? {};
      if (!fn || !kernel?.engine || names.indexOf(name) < place) return [];
      const constants = Object.fromEntries(fn.parameters.map((each) => [each.name, each.default]));
      return [{ name, constants, module: kernel.engine.module }];
    });
  }

  /** There is nothing to be told any more. */
  settle(): void {
    this.refused = this.asking = undefined;
  }

  refuse(text: string, message: string, hint = ""): void {
    this.refused = { text, refusal: { message, position: null, length: 0, hint } };
  }

  async #compile(text: string): Promise<boolean> {
    if (this.get(text)) return true;
    try {
      const kernel = await this.#lab.definer(text)?.({ formula: text, engine: true });
      if (!kernel) throw new Error(messages.formulaNeedsServer({ formula: text }));
      this.all = [...this.all, { fn: { ...kernel.fn, name: text, title: text }, kernel }];
      return true;
    } catch (error) {
      if (error instanceof RefusedFormula) this.refused = { text, refusal: error.refusal };
      else this.refuse(text, messages.serverUnreachable, String(error));
      return false;
    }
  }
}
