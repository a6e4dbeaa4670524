import type { ChosenActivation } from "../../lib/engine";
import { messages } from "../../messages";
import { MOST_LAYERS, MOST_UNITS } from "./traits";

/** A network's parameters: one list, layer by layer, the weights [outputs][inputs] and then the biases. */
const size = (inputs: number, outputs: number): number => (inputs + 1) * outputs;

function offset(widths: readonly number[], layer: number): number {
  let at = 0;
  for (let i = 0; i < layer; i++) at += size(widths[i] ?? 0, widths[i + 1] ?? 0);
  return at;
}

export const countOf = (widths: readonly number[]): number => offset(widths, widths.length - 1);

/** Where in the list the weight from one unit of the layer before to `unit` is. */
export const weightAt = (widths: readonly number[], layer: number, unit: number, from: number): number =>
  offset(widths, layer) + unit * (widths[layer] ?? 0) + from;

export const biasAt = (widths: readonly number[], layer: number, unit: number): number =>
  offset(widths, layer) + (widths[layer] ?? 0) * (widths[layer + 1] ?? 0) + unit;

/** Eight digits that differ when any bit of the parameters does: FNV-1a over their bytes. */
export function fingerprint(parameters: Float32Array): string {
  let hash = 0x811c9dc5;
  for (const byte of new Uint8Array(parameters.buffer, parameters.byteOffset, parameters.byteLength))
    hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}

export interface SavedNetwork {
  widths: number[];
  activations: (ChosenActivation | null)[];
  parameters: Float32Array;
}

const FORMAT = "nonlin playground 1";

/** The network as a file: widths, activations, weights as matrices, every digit of them. */
export function toJson({ widths, activations, parameters }: SavedNetwork): string {
  const layers = activations.map((activation, layer) => {
    const [inputs, outputs] = [widths[layer] ?? 0, widths[layer + 1] ?? 0];
    const part = (start: number, length: number): number[] => Array.from(parameters.subarray(start, start + length));
    const rows = Array.from({ length: outputs }, (_, unit) => part(weightAt(widths, layer, unit, 0), inputs));
    return { activation, weights: rows, biases: part(biasAt(widths, layer, 0), outputs) };
  });
  return JSON.stringify({ format: FORMAT, widths, layers }, null, 1) + "\n";
}

/** Reads what `toJson` wrote; a file that is no such thing is refused with an Error that says why. */
export function fromJson(text: string, knows: (activation: ChosenActivation) => boolean): SavedNetwork {
  const t = messages.playground.file;
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (error) {
    throw new Error(t.noJson(error instanceof Error ? error.message : String(error)));
  }
  const { format, widths, layers } = (file ?? {}) as Record<string, unknown>;
  if (format !== FORMAT) throw new Error(t.format(FORMAT, format === undefined ? "" : String(format)));
  const whole = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 1;
  if (!Array.isArray(widths) || !widths.every(whole)) throw new Error(t.widths);
  const hidden = widths.slice(1, -1);
  const outputs = widths.at(-1);
  if (widths[0] !== 2 || (outputs !== 1 && outputs !== 3) || hidden.length > MOST_LAYERS || hidden.some((w) => w > MOST_UNITS))
    throw new Error(t.shape(MOST_LAYERS, MOST_UNITS));
  if (!Array.isArray(layers) || layers.length !== widths.length - 1) throw new Error(t.layers(widths.length - 1));
  const parameters = new Float32Array(countOf(widths));
  const activations = layers.map((given: unknown, layer) => {
    const { activation, weights, biases } = (given ?? {}) as Record<string, unknown>;
    const [ins, outs] = [widths[layer] ?? 0, widths[layer + 1] ?? 0];
    const row = (values: unknown, length: number, name: string): number[] => {
      if (!Array.isArray(values) || values.length !== length || !values.every((v) => Number.isFinite(v)))
        throw new Error(t.numbers(name, length));
      return values as number[];
    };
    if (!Array.isArray(weights) || weights.length !== outs) throw new Error(t.rows(layer + 1, outs, ins));
    weights.forEach((values, unit) => {
      parameters.set(row(values, ins, t.weightsOf(layer + 1, unit + 1)), weightAt(widths, layer, unit, 0));
    });
    parameters.set(row(biases, outs, t.biasesOf(layer + 1)), biasAt(widths, layer, 0));
    const last = layer === layers.length - 1;
    if (last) {
      if (activation !== null) throw new Error(t.linearOutput);
      return null;
    }
    const { name, constants } = (activation ?? {}) as Partial<ChosenActivation>;
    const chosen = { name: String(name), ...(constants ? { constants } : {}) };
    if (!knows(chosen)) throw new Error(t.activation(layer + 1, String(name)));
    return chosen;
  });
  return { widths, activations, parameters };
}
