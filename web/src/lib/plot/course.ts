/** What some numbers were, step by step. Of a long run every second moment is let go, again and again. */
export class Course {
  steps: number[] = [];
  readonly series: number[][];
  readonly #most: number;
  #every = 1;
  #seen = 0;

  constructor(series: number, most = 600) {
    this.series = Array.from({ length: series }, () => []);
    this.#most = most;
  }

  clear(): void {
    this.steps = [];
    for (const values of this.series) values.length = 0;
    this.#every = 1;
    this.#seen = 0;
  }

  push(step: number, ...values: number[]): void {
    if (this.#seen++ % this.#every !== 0) return;
    this.steps.push(step);
    this.series.forEach((all, index) => all.push(values[index] ?? NaN));
    if (this.steps.length < this.#most) return;
    const even = (_: number, index: number): boolean => index % 2 === 0;
    this.steps = this.steps.filter(even);
    for (const all of this.series) all.splice(0, all.length, ...all.filter(even));
    this.#every *= 2;
  }
}
