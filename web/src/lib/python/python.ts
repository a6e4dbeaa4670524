import type { Call, Reply } from "./protocol";

/** How far Python has come. `received` and `total` are bytes; `total` is 0 while it is not known. */
export type PythonState =
  | { kind: "absent" }
  /** In a page that was opened as a file: browsers start no worker there that could load anything. */
  | { kind: "impossible" }
  | { kind: "loading"; received: number; total: number }
  | { kind: "starting" }
  | { kind: "ready" }
  | { kind: "failed"; reason: string };

interface Waiting {
  resolve: (text: string) => void;
  reject: (error: Error) => void;
}

/** Longer than any line takes; past it the worker is ended, and the next call begins with a fresh one. */
const PATIENCE_MS = 20_000;

/** Python in this page: a worker, started when it is first wanted, and loaded from beside the page. */
export class Python {
  state: PythonState = location.protocol === "file:" ? { kind: "impossible" } : { kind: "absent" };
  /** What its download comes to, in bytes: 0 while that is not known. */
  bytes = 0;
  #folder: URL;
  #worker: Worker | undefined;
  #serial = 0;
  #waiting = new Map<number, Waiting>();
  #listeners = new Set<(state: PythonState) => void>();

  constructor(folder: URL) {
    this.#folder = folder;
    // A page that is left takes its worker along; one that is kept for the way back must not.
    window.addEventListener("pagehide", () => {
      this.stop();
    });
  }

  subscribe(listener: (state: PythonState) => void): () => void {
    this.#listeners.add(listener);
    listener(this.state);
    return () => this.#listeners.delete(listener);
  }

  start(): void {
    if (this.#worker || this.state.kind === "impossible") return;
    this.#say({ kind: "loading", received: 0, total: 0 });
    let worker: Worker;
    try {
      worker = new Worker(new URL("worker.js", this.#folder), { type: "module" });
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
      return;
    }
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      if (worker !== this.#worker) return;
      if (data.type === "received") this.#say({ kind: "loading", received: data.bytes, total: this.bytes });
      else if (data.type === "starting") this.#say({ kind: "starting" });
      else if (data.type === "ready") this.#say({ kind: "ready" });
      else if (data.type === "answer") this.#settle(data.id, ({ resolve }) => resolve(data.text));
      else if (data.id !== undefined) this.#settle(data.id, ({ reject }) => reject(new Error(data.reason)));
      else this.#fail(data.reason);
    };
    worker.onerror = (event) => {
      if (worker === this.#worker) this.#fail(event.message || "worker.js");
    };
  }

  /** One request to nonlin.proof, from JSON to JSON. */
  call(text: string, late: string): Promise<string> {
    if (this.state.kind === "failed") this.stop();
    this.start();
    if (!this.#worker) return Promise.reject(new Error(this.state.kind === "failed" ? this.state.reason : late));
    const id = ++this.#serial;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      const ask: Call = { id, text };
      this.#worker?.postMessage(ask);
      this.#whenReady(() => {
        setTimeout(() => {
          if (!this.#waiting.has(id)) return;
          this.stop(late);
        }, PATIENCE_MS);
      });
    });
  }

  /** Ends the worker; what waits for an answer is told why. */
  stop(reason = ""): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(new Error(reason));
    if (this.state.kind !== "impossible") this.#say({ kind: "absent" });
  }

  #fail(reason: string): void {
    this.stop(reason);
    this.#say({ kind: "failed", reason });
  }

  #settle(id: number, how: (waiting: Waiting) => void): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (waiting) how(waiting);
  }

  #whenReady(then: () => void): void {
    const off = this.subscribe((state) => {
      if (state.kind !== "ready") return;
      queueMicrotask(() => {
        off();
      });
      then();
    });
  }

  #say(state: PythonState): void {
    this.state = state;
    for (const listener of [...this.#listeners]) listener(state);
  }
}

let page: Python | undefined;

/** The page's own Python, so many bytes large. Its folder lies beside that of the data. */
export function pythonOfPage(bytes: number): Python {
  const data = document.querySelector<HTMLMetaElement>('meta[name="nonlin-data"]')?.content ?? "data/";
  page ??= new Python(new URL("../python/", new URL(data, document.baseURI)));
  page.bytes = bytes;
  return page;
}
