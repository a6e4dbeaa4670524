/** What Python writes into data/catalogue.json and data/facts.json, and what `POST api/define` answers. */
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
  view: { x: [number, number] };
}

/** What is told of a function beside its figure: for the catalogue's, by name, a file of its own. */
export interface Facts {
  notation: { f: Notation; d1: Notation; d2: Notation };
  properties: Property[];
}

/** A function of a whole row of scores, which has no curve. */
export type RowFn = Pick<Fn & Facts, "name" | "title" | "summary" | "citation" | "properties">;

export interface Catalogue {
  version: 2;
  /** A widget's have their facts with them. */
  functions: (Fn | (Fn & Facts))[];
  rows: RowFn[];
  /** Names of what the cheat sheet shows before it is unfolded. */
  sheet: string[];
  /** In a static copy, the formulas of its lesson's figures; data/formulas.json has each one's answer. */
  formulas?: string[];
}

export interface DefineRequest {
  formula: string;
  name?: string;
  parameters?: Record<string, number>;
  /** It is wanted for networks, too. */
  engine?: boolean;
}

export interface Defined {
  function: Fn & Facts;
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
