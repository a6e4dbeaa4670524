import type { ChosenActivation } from "../../lib/engine";
import { messages } from "../../messages";
import type { PlaygroundState } from "./state.svelte";
import { MOST_LAYERS, MOST_UNITS } from "./traits";
import { biasAt, countOf, weightAt } from "./weights";

/** The playground's network as a file. */
interface SavedNetwork {
  widths: number[];
  activations: (ChosenActivation | null)[];
  parameters: Float32Array;
}

const FORMAT = "nonlin playground 1";
/** Of what a file says in its place, so many characters are told. */
const MOST_CHARACTERS = 40;

/** The network as a file: widths, activations, weights as matrices, every digit of them. */
function toJson({ widths, activations, parameters }: SavedNetwork): string {
  const layers = activations.map((activation, layer) => {
    const [inputs, outputs] = [widths[layer] ?? 0, widths[layer + 1] ?? 0];
    const part = (start: number, length: number): number[] => Array.from(parameters.subarray(start, start + length));
    const rows = Array.from({ length: outputs }, (_, unit) => part(weightAt(widths, layer, unit, 0), inputs));
    return { activation, weights: rows, biases: part(biasAt(widths, layer, 0), outputs) };
  });
  return JSON.stringify({ format: FORMAT, widths, layers }, null, 1) + "\n";
}

/** Reads what `toJson` wrote; a file that is no such thing is refused with an Error that says why. */
function fromJson(text: string): SavedNetwork {
  const t = messages.later.file;
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (error) {
    throw new Error(t.noJson({ reason: error instanceof Error ? error.message : String(error) }));
  }
  const { format, widths, layers } = (file ?? {}) as Record<string, unknown>;
  if (format !== FORMAT) {
    const found = format === undefined ? "" : String(format).slice(0, MOST_CHARACTERS);
    throw new Error(t.format({ wanted: FORMAT, given: found !== "", found }));
  }
  const whole = (value: unknown): value is number => Number.isInteger(value) && Number(value) >= 1;
  if (!Array.isArray(widths) || !widths.every(whole)) throw new Error(t.widths);
  const hidden = widths.slice(1, -1);
  const outputs = widths.at(-1);
  if (widths[0] !== 2 || (outputs !== 1 && outputs !== 3) || hidden.length > MOST_LAYERS || hidden.some((w) => w > MOST_UNITS))
    throw new Error(t.shape({ layers: MOST_LAYERS, units: MOST_UNITS }));
  if (!Array.isArray(layers) || layers.length !== widths.length - 1) throw new Error(t.layers({ count: widths.length - 1 }));
  const parameters = new Float32Array(countOf(widths));
  const activations = layers.map((given: unknown, layer) => {
    const { activation, weights, biases } = (given ?? {}) as Record<string, unknown>;
    const [ins, outs] = [widths[layer] ?? 0, widths[layer + 1] ?? 0];
    const row = (values: unknown, count: number, refusal: string): number[] => {
      if (!Array.isArray(values) || values.length !== count || !values.every((v) => Number.isFinite(v))) throw new Error(refusal);
      return values as number[];
    };
    if (!Array.isArray(weights) || weights.length !== outs) throw new Error(t.rows({ layer: layer + 1, outputs: outs, inputs: ins }));
    weights.forEach((values, unit) => {
      parameters.set(row(values, ins, t.weights({ layer: layer + 1, unit: unit + 1, count: ins })), weightAt(widths, layer, unit, 0));
    });
    parameters.set(row(biases, outs, t.biases({ layer: layer + 1, count: outs })), biasAt(widths, layer, 0));
    const last = layer === layers.length - 1;
    if (last) {
      if (activation !== null) throw new Error(t.linearOutput);
      return null;
    }
    const { name, constants } = (activation ?? {}) as Partial<ChosenActivation>;
    return { name: String(name), ...(constants ? { constants } : {}) };
  });
  return { widths, activations, parameters };
}

/** The network as it is now. */
export function saved(lab: PlaygroundState): string {
  const parameters = lab.training.parameters ?? new Float32Array();
  const activations = [...lab.now.layers.map((_, layer) => lab.chosen(layer)), null];
  return toJson({ widths: [...lab.widths], activations, parameters });
}

/** Takes a network out of a file, and says what came of it. Its weights fit only data with as many classes. */
export async function load(lab: PlaygroundState, text: string, name: string): Promise<string> {
  const t = messages.later.file;
  try {
    const { widths, activations, parameters } = fromJson(text);
    const chosen = activations.slice(0, -1).flatMap((each) => each ?? []);
    await lab.define(chosen.map((each) => each.name));
    chosen.forEach(({ name: fn, constants = {} }, layer) => {
      const known = lab.function(fn)?.parameters.map((parameter) => parameter.name);
      if (!known || Object.keys(constants).some((key) => !known.includes(key)))
        throw new Error(t.activation({ layer: layer + 1, name: fn.slice(0, MOST_CHARACTERS) }));
    });
    await lab.runner.rest();
    const params = chosen.flatMap(({ name: fn, constants = {} }) =>
      Object.entries(constants).map(([key, value]) => [`${fn}.${key}`, value] as const),
    );
    const names = chosen.map((each) => each.name);
    const alike = names.every((each) => each === names[0]);
    lab.change({
      layers: widths.slice(1, -1),
      ...(alike ? { activation: names[0] ?? lab.now.activation, activations: [] } : { activations: names }),
      params: { ...lab.now.params, ...Object.fromEntries(params) },
    });
    await lab.follow();
    if (JSON.stringify(widths) !== JSON.stringify(lab.training.widths))
      return t.notLoaded({ name, reason: t.otherClasses({ outputs: widths.at(-1) ?? 1 }) });
    await lab.setParameters(parameters);
    return t.loaded({ name });
  } catch (error) {
    return t.notLoaded({ name, reason: error instanceof Error ? error.message : String(error) });
  }
}
