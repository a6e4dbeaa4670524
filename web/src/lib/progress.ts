/**
 * What the reader has answered, kept in the browser under one key and nowhere else. Where storage is blocked it
 * lasts as long as the page. What is read, from the storage or from a file, is checked part by part.
 */
export interface Answered {
  /** What was typed, or the lines of a proof, or the numbers of the chosen options. */
  answer: string | string[] | number[];
  right: boolean;
}

type Exercises = Record<string, Record<string, Answered>>;

const KEY = "nonlin-progress";
const MOST_TEXT = 1000;
const MOST_ITEMS = 200;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const isText = (value: unknown): value is string => typeof value === "string" && value.length <= MOST_TEXT;

function isAnswer(value: unknown): value is Answered["answer"] {
  if (isText(value)) return true;
  return Array.isArray(value) && value.length <= MOST_ITEMS && (value.every(isText) || value.every(Number.isInteger));
}

function entries(value: unknown): [string, unknown][] {
  return isRecord(value) ? Object.entries(value).slice(0, MOST_ITEMS) : [];
}

/** The answers in a text, or undefined if it is nothing of ours. */
function parse(text: string): Exercises | undefined {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(given) || given.version !== 1 || !isRecord(given.exercises)) return undefined;
  const exercises: Exercises = {};
  for (const [name, questions] of entries(given.exercises)) {
    const kept: Record<string, Answered> = {};
    for (const [question, answered] of entries(questions)) {
      if (isRecord(answered) && isAnswer(answered.answer) && typeof answered.right === "boolean") {
        kept[question] = { answer: answered.answer, right: answered.right };
      }
    }
    exercises[name] = kept;
  }
  return exercises;
}

export class Progress {
  #exercises: Exercises = {};
  #listeners = new Set<() => void>();
  /** Whether it outlives the page. */
  kept = true;

  constructor() {
    this.#load();
    window.addEventListener("storage", (event) => {
      if (event.key !== KEY && event.key !== null) return;
      this.#load();
      this.#tell();
    });
  }

  of(exercise: string, question: number): Answered | undefined {
    return this.#exercises[exercise]?.[String(question)];
  }

  /** How many questions of an exercise are answered rightly. */
  right(exercise: string): number {
    return Object.values(this.#exercises[exercise] ?? {}).filter((answered) => answered.right).length;
  }

  /** What was right once stays so: trying out something wrong afterwards costs nothing. */
  put(exercise: string, question: number, answered: Answered): void {
    const before = this.of(exercise, question);
    if (before?.right && !answered.right) return;
    if (JSON.stringify(before) === JSON.stringify(answered)) return;
    this.#exercises[exercise] = { ...this.#exercises[exercise], [String(question)]: answered };
    this.#save();
    this.#tell();
  }

  get empty(): boolean {
    return Object.keys(this.#exercises).length === 0;
  }

  clear(): void {
    this.#exercises = {};
    try {
      localStorage.removeItem(KEY);
    } catch {
      this.kept = false;
    }
    this.#tell();
  }

  text(): string {
    return JSON.stringify({ version: 1, exercises: this.#exercises }, null, 1);
  }

  /** Takes the answers of a file in place of what is there; false if the file is none of ours. */
  take(text: string): boolean {
    const exercises = parse(text);
    if (!exercises) return false;
    this.#exercises = exercises;
    this.#save();
    this.#tell();
    return true;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #load(): void {
    try {
      this.#exercises = parse(localStorage.getItem(KEY) ?? "") ?? {};
    } catch {
      this.kept = false;
    }
  }

  #save(): void {
    try {
      localStorage.setItem(KEY, this.text());
      this.kept = true;
    } catch {
      this.kept = false;
    }
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

let shared: Progress | undefined;

/** One for the whole page. */
export function progressOfPage(): Progress {
  shared ??= new Progress();
  return shared;
}
