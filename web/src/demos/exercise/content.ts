/** What Python makes of a file in exercises/: texts are HTML, answers numbers. See lesson/exercises.py. */
import { dataFile } from "../../lib/lab/lab";
import type { Model } from "../../lib/model";
import { pageSuffix } from "../../lib/page";

interface Common {
  ask: string;
  right: string;
  hints: string[];
}

export interface NumberQuestion extends Common {
  kind: "number";
  answer: number;
  tolerance: number;
  wrong: { value: number; tolerance: number; feedback?: string; slip?: "sign" | "places" | "percent" }[];
}

export interface ChoiceQuestion extends Common {
  kind: "choice";
  several: boolean;
  options: { text: string; correct: boolean; feedback: string }[];
  /** Which one stands first, second and so on: in the file the right one may always be the first. */
  order: number[];
}

export interface ProofQuestion extends Common {
  kind: "proof";
  start: string;
  goal: string;
  startMath: string;
  goalMath: string;
  wrong: { line: string; feedback: string }[];
}

export type Question = NumberQuestion | ChoiceQuestion | ProofQuestion;

export interface Exercise {
  name: string;
  title: string;
  /** What the title is written in. */
  lang: string;
  prompt: string;
  questions: Question[];
}

interface File {
  version: number;
  /** Bytes of the Python that lies beside a static page. */
  python?: number;
  exercises: Exercise[];
}

let page: Promise<File> | undefined;

async function load(): Promise<File> {
  const name = `exercises${pageSuffix()}.json`;
  const file = JSON.parse(new TextDecoder().decode(await dataFile(name))) as File;
  if (file.version !== 1) throw new Error(`${name}: version ${String(file.version)}, expected 1`);
  return file;
}

/** The file with the page's exercises, fetched once. */
export function exercisesFile(): Promise<File> {
  page ??= load().catch((error: unknown) => {
    page = undefined;
    throw error;
  });
  return page;
}

export const exercisesOfPage = async (): Promise<Exercise[]> => (await exercisesFile()).exercises;

/** The one that a model asks for; a notebook's widget brings it along. */
export async function exerciseOf(model: Model): Promise<Exercise | undefined> {
  const brought = model.get("_exercise") as Exercise | undefined;
  if (brought) return brought;
  const name = String(model.get("exercise"));
  return (await exercisesOfPage()).find((exercise) => exercise.name === name);
}
