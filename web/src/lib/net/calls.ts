/** Calls of an object's methods across a worker's border. Arrays in results change owner instead of being copied. */
interface Call {
  id: number;
  method: string;
  args: unknown[];
}

interface Reply {
  id: number;
  result?: unknown;
  error?: string;
}

type Port = Pick<Worker, "postMessage" | "addEventListener">;

/** The same methods, each with a promise. */
export type Remote<T> = {
  readonly [Name in keyof T as T[Name] extends (...args: never[]) => unknown ? Name : never]: T[Name] extends (
    ...args: infer Args
  ) => infer Result
    ? (...args: Args) => Promise<Awaited<Result>>
    : never;
};

const said = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function buffers(value: unknown, found = new Set<ArrayBuffer>()): Set<ArrayBuffer> {
  if (ArrayBuffer.isView(value)) {
    if (value.buffer instanceof ArrayBuffer) found.add(value.buffer);
  } else if (typeof value === "object" && value !== null) {
    for (const item of Object.values(value)) buffers(item, found);
  }
  return found;
}

/** Inside the worker: runs each call, one after another. */
export function answer(port: Port, target: object): void {
  let last: Promise<unknown> = Promise.resolve();
  port.addEventListener("message", (event) => {
    const { id, method, args } = (event as MessageEvent<Call>).data;
    last = last.then(async () => {
      try {
        const run = (target as Record<string, (...args: unknown[]) => unknown>)[method];
        if (!run) throw new Error(`no method ${method}`);
        const result = await run.apply(target, args);
        port.postMessage({ id, result } satisfies Reply, [...buffers(result)]);
      } catch (error) {
        port.postMessage({ id, error: said(error) } satisfies Reply);
      }
    });
  });
}

/** Outside: an object whose methods are calls. All that wait fail when the worker does. */
export function remote<T extends object>(port: Port): Remote<T> {
  const waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  let serial = 0;
  port.addEventListener("message", (event) => {
    const { id, result, error } = (event as MessageEvent<Reply>).data;
    const call = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) call?.resolve(result);
    else call?.reject(new Error(error));
  });
  port.addEventListener("error", (event) => {
    for (const { reject } of waiting.values()) reject(new Error((event as ErrorEvent).message || "the worker stopped"));
    waiting.clear();
  });
  return new Proxy({} as Remote<T>, {
    get: (_, method) => {
      // A promise asks everything that it is given for its `then`.
      if (method === "then") return undefined;
      return (...args: unknown[]) =>
        new Promise((resolve, reject) => {
          waiting.set(++serial, { resolve, reject });
          port.postMessage({ id: serial, method: String(method), args } satisfies Call);
        });
    },
  });
}

/** The same face for an object on this side. */
export function local<T extends object>(target: T): Remote<T> {
  return new Proxy({} as Remote<T>, {
    get: (_, method) => {
      if (method === "then") return undefined;
      return async (...args: unknown[]) =>
        (target as Record<string, (...args: unknown[]) => unknown>)[String(method)]?.(...args);
    },
  });
}
