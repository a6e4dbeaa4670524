/** Undo and redo over snapshots. Changes with one key in quick succession (a held arrow key) are one entry. */
export class History<T> {
  #entries: T[];
  #index = 0;
  #key = "";
  #time = -Infinity;

  constructor(first: T) {
    this.#entries = [first];
  }

  push(entry: T, key: string, now: number): void {
    const joins = key !== "" && key === this.#key && now - this.#time < 800 && this.#index > 0;
    this.#entries.length = this.#index + (joins ? 0 : 1);
    this.#entries.push(entry);
    if (this.#entries.length > 200) this.#entries.shift();
    this.#index = this.#entries.length - 1;
    this.#key = key;
    this.#time = now;
  }

  /** A change that is no step: it holds before and after all others. */
  amend(change: Partial<T>): void {
    this.#entries = this.#entries.map((entry) => ({ ...entry, ...change }));
  }

  /** The entry `step` away, made current; undefined past either end. */
  move(step: -1 | 1): T | undefined {
    const entry = this.#entries[this.#index + step];
    if (entry !== undefined) this.#index += step;
    this.#key = "";
    return entry;
  }

  get current(): T {
    return this.#entries[this.#index] as T;
  }

  get canUndo(): boolean {
    return this.#index > 0;
  }

  get canRedo(): boolean {
    return this.#index < this.#entries.length - 1;
  }
}
