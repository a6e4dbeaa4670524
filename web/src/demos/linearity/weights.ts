import { MOST_LAYERS } from "./traits";

/** Random numbers for a layer: its turn, stretch, shear and shift. */
const EACH = 5;
export const DRAWS = EACH * MOST_LAYERS;
/** A little larger from layer to layer, so that a bend has something to bend. */
const GROWTH = 1.2;

/**
 * The parameters of a stack of layers from 2 to 2. Plain random matrices would squash the plane to a line within a
 * few layers, so each of these stretches one way only as much as it squeezes the other: it turns, stretches, shears
 * and shifts, and the picture stays one that the eye can follow.
 */
export function stackOf(random: Float32Array, layers: number): Float32Array {
  const parameters: number[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const [turn = 0, stretch = 0, shear = 0, right = 0, up = 0] = random.subarray(layer * EACH);
    const [c, s] = [Math.cos(1.9 * turn), Math.sin(1.9 * turn)];
    const wide = 1.35 ** stretch;
    const [a, b, d] = [GROWTH * wide, 0.4 * shear, GROWTH / wide];
    parameters.push(c * a, c * b - s * d, s * a, s * b + c * d, 0.6 * right, 0.6 * up);
  }
  return Float32Array.from(parameters);
}
