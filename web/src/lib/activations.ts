import type { Loop } from "./engineTypes";

/** An activation by its name; `constants` are those of its parameters that are not to be the default. */
export interface ChosenActivation {
  name: string;
  constants?: Readonly<Record<string, number>>;
}

/** An activation that the engine has not: a module for its memory, made by nonlin.network.wasm.build_own. */
export interface OwnActivation {
  name: string;
  /** Names and defaults of its parameters. */
  constants: Record<string, number>;
  module: WebAssembly.Module;
}

/** The number of an activation in the engine, from 1, and its constants. */
export function numbered(
  known: readonly { name: string; constants: Record<string, number> }[],
  { name, constants = {} }: ChosenActivation,
): [number, number[]] {
  const number = known.findIndex((f) => f.name === name) + 1;
  const defaults = known[number - 1]?.constants;
  if (!defaults) throw new RangeError(`the engine has no activation ${name}`);
  const unknown = Object.keys(constants).find((key) => !(key in defaults));
  if (unknown !== undefined) throw new RangeError(`${name} has no parameter ${unknown}`);
  return [number, Object.entries(defaults).map(([key, value]) => constants[key] ?? value)];
}

/**
 * What the engine imports: its memory, and what it calls with the number of an activation that it has not. Its own have
 * the numbers from 1 to `known`.
 */
export async function surroundings(
  memory: WebAssembly.Memory,
  known: number,
  own: readonly OwnActivation[],
): Promise<WebAssembly.ModuleImports> {
  const env = { __linear_memory: memory };
  const others = await Promise.all(own.map(({ module }) => WebAssembly.instantiate(module, { env })));
  const call =
    (what: "values" | "pairs") =>
    (number: number, ...args: Parameters<Loop>): void => {
      (others[number - known - 1]?.exports[what] as Loop)(...args);
    };
  return { ...env, values: call("values"), pairs: call("pairs") };
}
