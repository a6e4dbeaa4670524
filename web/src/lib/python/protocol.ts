/** What a page and its Python worker say to each other. */
export interface Call {
  id: number;
  /** A request as JSON. */
  text: string;
}

export type Reply =
  | { type: "received"; bytes: number }
  | { type: "starting" }
  | { type: "ready" }
  | { type: "answer"; id: number; text: string }
  /** Without an id Python itself could not be started. */
  | { type: "failed"; id?: number; reason: string };
