import type { Remote } from "./calls";
import type { Networks } from "./networks";

/**
 * Random numbers of the engine's own generator: the initial weights of a network of one input. So Python has the same
 * ones: `nonlin.Network([1, count], activation=[None], init=…, seed=seed).weights[0]`. "normal" has mean 0 and
 * variance 1, "uniform" lies between −1 and 1.
 */
export async function draws(
  networks: Remote<Networks>,
  kind: "normal" | "uniform",
  count: number,
  seed: number,
): Promise<Float32Array> {
  const init = kind === "normal" ? "normal" : "lecun_uniform";
  const options = { widths: [1, count], activations: [null], init, seed: BigInt(seed), capacity: 1 };
  const drawn = (await networks.create("draws", options)).slice(0, count);
  await networks.drop("draws");
  // lecun_uniform has variance 1, so it reaches to the root of 3.
  return kind === "normal" ? drawn : drawn.map((value) => value / Math.sqrt(3));
}
