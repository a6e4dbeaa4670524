import { progressOfPage, type Answered } from "../../lib/progress";
import type { Model } from "../../lib/model";
import { checkerOf, type Checker } from "./checker";
import type { Exercise } from "./content";

/** One exercise on the page: its content, who checks it, and what has been answered. */
export class ExerciseState {
  readonly checker: Checker;
  #progress = progressOfPage();
  #version = $state(0);
  #off: () => void;

  constructor(
    model: Model,
    readonly exercise: Exercise,
  ) {
    this.checker = checkerOf(model);
    this.#off = this.#progress.subscribe(() => {
      this.#version++;
    });
  }

  /** What stood there when the page was opened, or has been imported since. */
  answered(question: number): Answered | undefined {
    void this.#version;
    return this.#progress.of(this.exercise.name, question);
  }

  get right(): number {
    void this.#version;
    return Math.min(this.#progress.right(this.exercise.name), this.exercise.questions.length);
  }

  keep(question: number, answered: Answered): void {
    this.#progress.put(this.exercise.name, question, answered);
  }

  destroy(): void {
    this.#off();
  }
}
