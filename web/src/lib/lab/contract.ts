/** What Python writes into data/catalogue.json, and what `POST api/define` answers. */
export interface Notation {
  text: string;
  latex: string;
  /** A complete <math> element. */
  mathml: string;
}

export interface Parameter {
  name: string;
  default: number;
  min: number;
  max: number;
  step: number;
}

export interface Kink {
  at: string;
  derivative: string;
  note: string;
}

export interface Property {
  key: string;
  label: string;
  value: string;
  witness: string;
  /** The claim as one number, where it is one: a mean, a slope. */
  number: number | null;
  /** What a column of claims is sorted by, the first numbers first; empty where nothing is known. */
  sort: number[];
}

export interface Fn {
  name: string;
  title: string;
  aliases: string[];
  formula: string;
  summary: string;
  citation: string;
  url: string | null;
  symbol: string;
  parameters: Parameter[];
  kinks: Kink[];
  notation: { f: Notation; d1: Notation; d2: Notation };
  properties: Property[];
  view: { x: [number, number] };
}

/** A function of a whole row of scores, which has no curve. */
export type RowFn = Pick<Fn, "name" | "title" | "summary" | "citation" | "properties">;

export interface Catalogue {
  version: 1;
  functions: Fn[];
  rows: RowFn[];
  /** Names of what the cheat sheet shows before it is unfolded. */
  sheet: string[];
  /** Relative to the data folder. */
  wasm: string;
}

export interface DefineRequest {
  formula: string;
  name?: string;
  parameters?: Record<string, number>;
  /** It is wanted for networks, too. */
  engine?: boolean;
}

export interface Defined {
  function: Fn;
  /** Base64 of a module with the same exports as the catalogue's. */
  wasm: string;
  engine?: {
    /** Base64 of a module for the engine's memory. */
    wasm: string;
    drive: Drive;
  };
}

/** How strongly layers of a picture's network are driven: gain, shift, and by how much more of both the first one has. */
export type Drive = [number, number, number];

export interface Refusal {
  message: string;
  /** 0-based column in the formula. */
  position: number | null;
  length: number;
  hint: string;
}
