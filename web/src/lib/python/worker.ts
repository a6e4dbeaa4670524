/// <reference lib="webworker" />
import type { loadPyodide as LoadPyodide, PyodideAPI, PyodideConfig } from "pyodide";
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

/** Between two reports of how far the download is. */
const OFTEN_MS = 80;

/**
 * Counts what arrives, whoever asks for it, since Pyodide fetches its parts itself; and notices what does not
 * arrive, since Pyodide then waits for ever. Rejects when something is lost, and never resolves.
 */
function watchFetches(): Promise<never> {
  return new Promise((_, lost) => {
    const fetchPlain = self.fetch.bind(self);
    let received = 0;
    let last = -OFTEN_MS;
    const counted = (body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> => {
      const reader = body.getReader();
      return new ReadableStream({
        async pull(controller) {
          try {
            const { done, value } = await reader.read();
            if (done) {
              controller.close();
              return;
            }
            received += value.byteLength;
            if (performance.now() - last > OFTEN_MS) {
              last = performance.now();
              say({ type: "received", bytes: received });
            }
            controller.enqueue(value);
          } catch (error) {
            lost(error as Error);
            controller.error(error);
          }
        },
      });
    };
    self.fetch = async (...args) => {
      try {
        const response = await fetchPlain(...args);
        if (!response.ok) throw new Error(`${new URL(response.url).pathname}: ${response.status}`);
        const { status, headers, body } = response;
        return body ? new Response(counted(body), { status, headers }) : response;
      } catch (error) {
        lost(error as Error);
        throw error;
      }
    };
  });
}

async function start(): Promise<(request: string) => string> {
  const modules = fetch(beside("nonlin.zip")).then((response) => response.arrayBuffer());
  const [{ loadPyodide }, { default: createPyodideModule }] = (await Promise.all([
    import(/* @vite-ignore */ beside("pyodide.js")),
    import(/* @vite-ignore */ beside("pyodide.asm.js")),
  ])) as [{ loadPyodide: typeof LoadPyodide }, { default: NonNullable<PyodideConfig["createPyodideModule"]> }];
  const python: PyodideAPI = await loadPyodide({ indexURL: beside("./"), createPyodideModule });
  python.FS.writeFile("/nonlin.zip", new Uint8Array(await modules));
  say({ type: "starting" });
  python.runPython("import sys; sys.path.insert(0, '/nonlin.zip')");
  return python.pyimport("nonlin.proof").answer_text as (request: string) => string;
}

const lost = watchFetches();
const answer = Promise.race([start(), lost]);
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
