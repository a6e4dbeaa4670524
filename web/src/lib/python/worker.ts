/// <reference lib="webworker" />
import type { loadPyodide as LoadPyodide, PyodideAPI } from "pyodide";
import type { Call, Reply } from "./protocol";

/**
 * Python in a worker: CPython as WebAssembly (Pyodide), with nonlin's own modules and mpmath from nonlin.zip. All
 * of it lies beside this script in python/; nothing is fetched from elsewhere.
 */
declare const self: DedicatedWorkerGlobalScope;

const say = (reply: Reply): void => {
  self.postMessage(reply);
};
const beside = (name: string): string => new URL(name, import.meta.url).href;

/** Counts what arrives, whoever asks for it: Pyodide fetches its parts itself. */
function countBytes(): void {
  const fetchPlain = self.fetch.bind(self);
  let received = 0;
  self.fetch = async (...args) => {
    const response = await fetchPlain(...args);
    if (!response.ok) throw new Error(`${new URL(response.url).pathname}: ${response.status}`);
    if (!response.body) return response;
    const counter = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        received += chunk.byteLength;
        say({ type: "received", bytes: received });
        controller.enqueue(chunk);
      },
    });
    const { status, headers } = response;
    return new Response(response.body.pipeThrough(counter), { status, headers });
  };
}

async function start(): Promise<(request: string) => string> {
  countBytes();
  const modules = fetch(beside("nonlin.zip")).then((response) => response.arrayBuffer());
  const { loadPyodide } = (await import(/* @vite-ignore */ beside("pyodide.mjs"))) as { loadPyodide: typeof LoadPyodide };
  const python: PyodideAPI = await loadPyodide({ indexURL: beside("./") });
  python.FS.writeFile("/nonlin.zip", new Uint8Array(await modules));
  say({ type: "starting" });
  python.runPython("import sys; sys.path.insert(0, '/nonlin.zip')");
  return python.pyimport("nonlin.proof").answer_text as (request: string) => string;
}

const answer = start();
answer.then(
  () => {
    say({ type: "ready" });
  },
  (error: unknown) => {
    say({ type: "failed", reason: error instanceof Error ? error.message : String(error) });
  },
);

self.onmessage = async ({ data }: MessageEvent<Call>) => {
  try {
    say({ type: "answer", id: data.id, text: (await answer)(data.text) });
  } catch (error) {
    say({ type: "failed", id: data.id, reason: error instanceof Error ? error.message : String(error) });
  }
};
