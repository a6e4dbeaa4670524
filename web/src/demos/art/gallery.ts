import type { Readers } from "../../lib/state.svelte";
import type { Traits } from "./traits";

/** Pictures kept in the browser: their settings, nothing else. Where storage is blocked they last as long as the page. */
const KEY = "nonlin-gallery";
export const MOST = 48;

export class Gallery {
  readonly #readers: Readers<Traits>;

  constructor(readers: Readers<Traits>) {
    this.#readers = readers;
  }

  load(): Traits[] {
    try {
      const given: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]");
      if (!Array.isArray(given)) return [];
      return given.slice(0, MOST).flatMap((each) => this.#read(each) ?? []);
    } catch {
      return [];
    }
  }

  /** Whether they are kept. */
  store(pictures: readonly Traits[]): boolean {
    try {
      localStorage.setItem(KEY, JSON.stringify(pictures));
      return true;
    } catch {
      return false;
    }
  }

  #read(given: unknown): Traits | undefined {
    if (typeof given !== "object" || given === null) return undefined;
    const found: Record<string, unknown> = {};
    for (const [name, read] of Object.entries(this.#readers)) {
      const value: unknown = read((given as Record<string, unknown>)[name]);
      if (value === undefined) return undefined;
      found[name] = value;
    }
    return found as unknown as Traits;
  }
}
