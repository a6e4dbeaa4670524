import type { Model } from "../model";
import type { EngineFiles } from "../net/networks";
import type { Catalogue, Defined, DefineRequest, Drive, Facts, Fn, Refusal, RowFn } from "./contract";
import { KernelModule, type Order, type Precision } from "./kernels";

/** A formula that Python would not take, with the place in it. */
export class RefusedFormula extends Error {
  constructor(readonly refusal: Refusal) {
    super(refusal.message);
  }
}

/** One function with the code that computes it. */
export class Kernel {
  constructor(
    readonly fn: Fn,
    /** What is known of it, fetched when it is first asked for. */
    readonly facts: () => Promise<Facts>,
    private readonly module: KernelModule,
    /** What networks need of it, where that was asked for. */
    readonly engine?: { module: WebAssembly.Module; drive: Drive },
  ) {}

  evaluate(order: Order, precision: Precision, xs: Float64Array, params: readonly number[]): Float64Array {
    return this.module.evaluate(this.fn.symbol, order, precision, xs, params);
  }

  at(order: Order, x: number, params: readonly number[]): number {
    return this.module.at(this.fn.symbol, order, x, params);
  }

  kinks(params: readonly number[]): number[] {
    return this.fn.kinks.map((_, index) => this.module.kink(this.fn.symbol, index, params));
  }
}

/** Softmax and its losses: functions of a row of scores at once. */
export class Rows {
  constructor(private readonly module: KernelModule) {}

  softmax(scores: readonly number[], temperature = 1): Float64Array {
    return this.module.row("softmax", scores, [temperature], scores.length);
  }

  /** As one would type it, with what it passes through: exponentials, their sum, quotients. */
  naiveSoftmax(scores: readonly number[], temperature = 1): { exps: Float64Array; sum: number; p: Float64Array } {
    const n = scores.length;
    const all = this.module.row("naive_softmax", scores, [temperature], 2 * n + 1);
    return { exps: all.slice(0, n), sum: all[n] ?? NaN, p: all.slice(n + 1) };
  }

  /** A loss of the softmax against a class, and its gradient to the scores. */
  loss(
    name: "cross_entropy" | "squared_error",
    scores: readonly number[],
    target: number,
    temperature = 1,
  ): { loss: number; gradient: Float64Array } {
    const all = this.module.row(name, scores, [temperature, target], scores.length + 1);
    return { loss: all[0] ?? NaN, gradient: all.slice(1) };
  }
}

type Define = (request: DefineRequest) => Promise<Kernel>;

/** The catalogue, its kernels, and a way to have a new formula compiled. */
export interface Lab {
  kernels: readonly Kernel[];
  rows: Rows;
  rowFunctions: readonly RowFn[];
  /** Names of what the cheat sheet shows before it is unfolded. */
  sheet: readonly string[];
  /** Absent where nothing can compile: a static export has no server. */
  define?: Define;
  /** What gives this formula's code: Python, or a static copy for those of its lesson; absent where neither does. */
  definer: (formula: string) => Define | undefined;
}

async function fetched(url: URL): Promise<Response> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.pathname}: ${response.status} ${response.statusText}`);
  return response;
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

let ofLesson: ReadonlySet<string> = new Set();

/** Whether a function is one of those that the lesson tells about. */
export const isOfLesson = (name: string): boolean => ofLesson.has(name);

/** A function's own facts, or else those of a file. */
function factsOf(fn: Fn | (Fn & Facts), file: () => Promise<Record<string, Facts>>): () => Promise<Facts> {
  if ("properties" in fn) return () => Promise.resolve(fn);
  return async () => {
    const facts = (await file())[fn.name];
    if (!facts) throw new Error(`nothing is known of ${fn.name}`);
    return facts;
  };
}

function assemble(catalogue: Catalogue, module: KernelModule, define?: Define): Lab {
  if (catalogue.version !== 2) throw new Error(`catalogue version ${String(catalogue.version)}, expected 2`);
  ofLesson = new Set(catalogue.sheet);
  return {
    kernels: catalogue.functions.map((fn) => new Kernel(fn, factsOf(fn, factsOfPage), module)),
    rows: new Rows(module),
    rowFunctions: catalogue.rows,
    sheet: catalogue.sheet,
    ...(define && { define }),
    definer: (formula) => define ?? (catalogue.formulas?.includes(formula) ? defineFromPage : undefined),
  };
}

async function assembleDefined({ function: fn, wasm, engine }: Defined): Promise<Kernel> {
  const own = engine && { module: await WebAssembly.compile(bytesOf(engine.wasm)), drive: engine.drive };
  return new Kernel(fn, factsOf(fn, factsOfPage), await KernelModule.load(bytesOf(wasm)), own);
}

const meta = (name: string): string | undefined =>
  document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content;

async function defineByServer(request: DefineRequest): Promise<Kernel> {
  const response = await fetch(new URL("api/define", document.baseURI), {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(request),
  });
  const answer = (await response.json()) as Defined | { error: Refusal };
  if ("error" in answer) throw new RefusedFormula(answer.error);
  if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
  return assembleDefined(answer);
}

const dataFolder = (): URL => new URL(meta("nonlin-data") ?? "data/", document.baseURI);

/** A file of the data folder; of a page that was opened as a file, out of the script that holds them (start.ts). */
export async function dataFile(name: string): Promise<ArrayBuffer> {
  const inside = (globalThis as { nonlinData?: Record<string, string> }).nonlinData?.[name];
  if (inside !== undefined) return bytesOf(inside).buffer;
  return (await fetched(new URL(name, dataFolder()))).arrayBuffer();
}

const dataJson = async (name: string): Promise<unknown> => JSON.parse(new TextDecoder().decode(await dataFile(name)));

/** What a first call brings, for all that follow; after a failure the next one tries again. */
function once<T>(bring: () => Promise<T>): () => Promise<T> {
  let brought: Promise<T> | undefined;
  return () =>
    (brought ??= bring().catch((error: unknown) => {
      brought = undefined;
      throw error;
    }));
}

const formulasOfPage = once(async () => (await dataJson("formulas.json")) as Record<string, Defined>);

/** A formula of a static copy's lesson was compiled when the copy was made. */
async function defineFromPage({ formula }: DefineRequest): Promise<Kernel> {
  const answer = (await formulasOfPage())[formula];
  if (!answer) throw new Error(`nothing is known of ${formula}`);
  return assembleDefined(answer);
}

const factsOfPage = once(async () => (await dataJson("facts.json")) as Record<string, Facts>);

async function loadFromPage(): Promise<Lab> {
  const [catalogue, module] = await Promise.all([
    dataJson("catalogue.json") as Promise<Catalogue>,
    dataFile("catalogue.wasm").then((bytes) => KernelModule.load(bytes)),
  ]);
  return assemble(catalogue, module, meta("nonlin-server") === "no" ? undefined : defineByServer);
}

/** The lab of this page, loaded once for all its demos. */
export const labOfPage = once(loadFromPage);

/** What is known of each function of a lab, by name. */
export const factsByName = async ({ kernels }: Lab): Promise<ReadonlyMap<string, Facts>> =>
  new Map(await Promise.all(kernels.map(async ({ fn, facts }) => [fn.name, await facts()] as const)));

/** The lab of a notebook's widget: traits `_catalogue` and `_wasm`; formulas go by message. */
export async function labOfModel(model: Model): Promise<Lab> {
  const view = model.get("_wasm") as DataView<ArrayBuffer>;
  const bytes = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
  let serial = 0;
  const define = (request: DefineRequest): Promise<Kernel> =>
    new Promise((resolve, reject) => {
      const id = ++serial;
      const listen = (...args: unknown[]): void => {
        const reply = args[0] as { type?: string; id?: number; answer?: Defined; error?: Refusal };
        if (reply.type !== "defined" || reply.id !== id) return;
        model.off("msg:custom", listen);
        if (reply.answer) assembleDefined(reply.answer).then(resolve, reject);
        else reject(reply.error ? new RefusedFormula(reply.error) : new Error("no answer"));
      };
      model.on("msg:custom", listen);
      model.send?.({ type: "define", id, request });
    });
  return assemble(model.get("_catalogue") as Catalogue, await KernelModule.load(bytes), model.send && define);
}

export const labOf = (model: Model): Promise<Lab> =>
  model.get("_catalogue") === undefined ? labOfPage() : labOfModel(model);

const engineOfPage = once(async (): Promise<EngineFiles> => {
  const [module, description] = await Promise.all([
    dataFile("engine.wasm").then((bytes) => WebAssembly.compile(bytes)),
    dataJson("engine.json") as Promise<EngineFiles["description"]>,
  ]);
  return { module, description };
});

/** The network engine: of the page, fetched once for all its demos, or from a widget's traits `_engine*`. */
export function engineOf(model: Model): Promise<EngineFiles> {
  const view = model.get("_engine") as DataView<ArrayBuffer> | undefined;
  if (view) {
    const bytes = view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength);
    const description = model.get("_engine_about") as EngineFiles["description"];
    return WebAssembly.compile(bytes).then((module) => ({ module, description }));
  }
  return engineOfPage();
}
