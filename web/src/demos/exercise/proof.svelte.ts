import type { Checked, Step } from "./checker";
import type { ProofQuestion } from "./content";
import type { ExerciseState } from "./state.svelte";

export interface Row {
  key: number;
  text: string;
  /** What was said to it, and to which text that was. */
  step?: Step;
  checked?: string;
}

/** The lines of a proof: written, checked together, and kept. */
export class ProofState {
  rows: Row[] = $state([]);
  outcome: Pick<Checked, "state" | "message"> | null = $state(null);
  busy = $state(false);
  failure = $state("");
  #serial = 0;
  #settled = "[]";
  #seen = "[]";
  #runs = 0;

  constructor(
    private readonly all: ExerciseState,
    private readonly question: ProofQuestion,
    private readonly index: number,
  ) {
    this.restore();
  }

  /** Shows what is stored: the lines as they were typed, not yet looked at again. */
  restore(): void {
    const stored = this.all.answered(this.index);
    const lines = Array.isArray(stored?.answer) ? stored.answer.map(String) : [];
    this.rows = [];
    for (const line of lines) this.insert(this.rows.length, line);
    const done = stored?.right === true;
    this.outcome = done ? { state: "done", message: "" } : null;
    if (!done) this.insert(this.rows.length);
    this.#settled = JSON.stringify(this.lines);
    this.#seen = this.#stored();
    // Where it costs nothing, the verdicts come back at once.
    if (!this.all.checker.python && lines.length > 0) void this.check();
  }

  /** Shows what is stored if that has become something else elsewhere, and nothing here would be lost. */
  follow(): void {
    const stored = this.#stored();
    if (stored === this.#seen) return;
    this.#seen = stored;
    const here = JSON.stringify(this.lines);
    if (stored !== here && here === this.#settled && !this.busy) this.restore();
  }

  #stored(): string {
    const answer = this.all.answered(this.index)?.answer;
    return JSON.stringify(Array.isArray(answer) ? answer : []);
  }

  get lines(): string[] {
    return this.rows.map((row) => row.text.trim()).filter((text) => text !== "");
  }

  insert(at: number, text = ""): Row {
    const row: Row = { key: this.#serial++, text };
    this.rows.splice(at, 0, row);
    return row;
  }

  remove(at: number): void {
    this.rows.splice(at, 1);
    if (this.rows.length === 0) this.insert(0);
    this.outcome = null;
  }

  write(at: number, text: string): void {
    const row = this.rows[at];
    if (!row) return;
    row.text = text;
    this.outcome = null;
    this.failure = "";
  }

  /** Has all lines checked; false if that could not be done, or something newer has been asked since. */
  async check(): Promise<boolean> {
    const run = ++this.#runs;
    const texts = this.rows.map((row) => row.text);
    const keys = this.rows.map((row) => row.key);
    this.busy = true;
    this.failure = "";
    try {
      const { start, goal, wrong } = this.question;
      const request = { start, goal, lines: texts, wrong: wrong.map(({ line }) => line) };
      const answer = await this.all.checker.check(request);
      if (run !== this.#runs) return false;
      answer.lines.forEach((step, i) => {
        const row = this.rows.find(({ key }) => key === keys[i]);
        if (row) Object.assign(row, { step, checked: texts[i] });
      });
      this.outcome = { state: answer.state, message: answer.message };
      this.#settled = JSON.stringify(this.lines);
      this.all.keep(this.index, { answer: this.lines, right: answer.state === "done" });
      this.#seen = this.#stored();
      return true;
    } catch (error) {
      if (run === this.#runs) this.failure = error instanceof Error ? error.message : String(error);
      return false;
    } finally {
      if (run === this.#runs) this.busy = false;
    }
  }
}
