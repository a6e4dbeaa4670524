/** The functions of the generated engine that the pages call. */
export interface Exports extends WebAssembly.Exports {
  forward(network: number, slopes: bigint): void;
  backward(network: number): void;
  train(network: number): bigint;
  squares(values: number, count: bigint): number;
  initialise(network: number, gain: number, before: number, after: number, constant: number, normal: bigint): void;
  fill_normal(values: number, count: bigint, deviation: number, random: number): void;
  pixels(
    network: number,
    first: bigint,
    width: bigint,
    height: bigint,
    latent1: number,
    latent2: number,
    spread: number,
    inputs: bigint,
  ): void;
  standardise(network: number, layer: bigint, gain: number, shift: number): void;
  picture(
    network: number,
    out: number,
    palette: number,
    channels: bigint,
    first: bigint,
    count: bigint,
    width: bigint,
    height: bigint,
    latent1: number,
    latent2: number,
    inputs: bigint,
  ): void;
}

/** What computes an activation of a module of its own, for n values at x. */
export type Loop = (x: number, out: number, second: number, n: number, params: number) => void;

/** A picture as the engine's pixels are numbered, and what the network sees of them. */
export interface Seen {
  width: number;
  height: number;
  latent: readonly [number, number];
  /** How far the latent numbers differ from pixel to pixel. */
  spread: number;
  /** A bit for each of the inputs that there are. */
  inputs: number;
}

export interface Steps {
  /** How many were taken; fewer than asked for where the last one's gradient was not finite. */
  taken: number;
  loss: Float64Array;
  gradientNorm: Float64Array;
}

/** What was no longer finite: a layer's sums, outputs, gradient or new weights; the loss; an optimizer's moments. */
export interface Broken {
  what: "z" | "a" | "gradient" | "weights" | "moments" | "loss" | "norm";
  /** From 0. */
  layer: number;
}
