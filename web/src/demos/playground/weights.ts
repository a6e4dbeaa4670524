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
