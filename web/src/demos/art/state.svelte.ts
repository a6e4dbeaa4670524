import { untrack } from "svelte";
import { assignLooks, OWN_LOOK, type Look } from "../../lib/colours";
import { labOf, type Kernel, type Lab } from "../../lib/lab/lab";
import type { Model } from "../../lib/model";
import { Formulas, type Own } from "../../lib/net/formulas.svelte";
import { isFormula } from "../../lib/net/isFormula";
import { latest } from "../../lib/net/latest";
import type { Look as Traced } from "../../lib/net/painter";
import { Runner } from "../../lib/runner.svelte";
import { DemoState, type Readers } from "../../lib/state.svelte";
import { messages } from "../../messages";
import { keyOf, Paints } from "./data";
import { Easel, type Pixels, type Sheet } from "./easel";
import { Gallery, MOST } from "./gallery";
import { pngOf } from "./png";
import { DEFAULTS, joined, layersOf, listed, readers, type Traits } from "./traits";
import { anyLatent, anySeed, variations, type Variation } from "./variations";

/** A walk through the latent plane goes in a circle: its radius, and seconds for once around. */
const RADIUS = 0.7;
const ROUND = 14;

/** A pixel's way through the network; x and y as the engine counts, the shorter side from -1 to 1. */
export type Shown = Traced & { parameters: Float32Array; x: number; y: number };

const same = (a: Traits, b: Traits): boolean => JSON.stringify(a) === JSON.stringify(b);

/** The state of the studio. Everything in `now` is in the link, and is the picture. */
export class ArtState extends DemoState<Traits> {
  readonly lab: Lab;
  readonly paints: Paints;
  readonly formulas: Formulas;
  readonly walk: Runner;
  failure = $state("");
  /** A formula that the link has, and that nothing here can compile. */
  readonly formula: string;
  /** Where the picture is looked at, as a share of its width and height. */
  at: { x: number; y: number } = $state.raw({ x: 0.5, y: 0.5 });
  /** What happens to that pixel. */
  shown: Shown | undefined = $state.raw();
  /** Pixels of the picture on the screen. */
  size = $state.raw({ width: 0, height: 0 });
  sheet: Variation[] = $state.raw([]);
  kept: Traits[] = $state.raw([]);
  /** Whether the gallery outlives the page. */
  keeps = $state(true);
  readonly layers: readonly string[] = $derived(layersOf(this.now));
  /** Those of the catalogue, and formulas that were compiled. */
  readonly functions: readonly { name: string; title: string }[] = $derived.by(() =>
    [...this.lab.kernels, ...this.formulas.all.filter(({ fn }) => fn.parameters.length === 0)].map(({ fn: { name, title } }) => ({ name, title })),
  );
  /** Whether all that the picture needs is at hand. */
  readonly ready: boolean = $derived.by(() => this.formulas.has(this.layers) && !this.#open(this.layers));

  #painted = DEFAULTS;
  readonly #looks: Map<string, Look>;
  readonly #gallery: Gallery;
  #easel: Easel | undefined;
  #path: { centre: [number, number]; angle: number; time: number } | undefined;
  #look = latest(
    () => this.#trace(),
    (error) => {
      this.fail(error);
    },
  );

  private constructor(model: Model, lab: Lab, formulas: Formulas, paints: Paints, reads: Readers<Traits>) {
    super(model, DEFAULTS, reads);
    this.lab = lab;
    this.formulas = formulas;
    this.paints = paints;
    this.#looks = assignLooks(lab.kernels.map(({ fn }) => fn.name));
    const asked = model.get("activation");
    const lost = (name: string): boolean => isFormula(name) && !lab.definer(name);
    this.formula = typeof asked === "string" && listed(asked).some(lost) ? asked.slice(0, 200) : "";
    this.#gallery = new Gallery(reads);
    this.kept = this.#gallery.load();
    this.walk = new Runner(
      () => Promise.resolve(this.#stride()),
      (error) => {
        this.fail(error);
      },
    );
  }

  static async open(model: Model): Promise<ArtState> {
    const lab = await labOf(model);
    const formulas = new Formulas(lab);
    const paints = await Paints.of(model, formulas);
    const state = new ArtState(model, lab, formulas, paints, readers(lab, paints.data));
    state.#easel = await Easel.open(model, paints, (error) => {
      state.fail(error);
    });
    return state;
  }

  override destroy(): void {
    this.walk.destroy();
    this.#easel?.close();
    super.destroy();
  }

  fail(error: unknown): void {
    this.failure = error instanceof Error ? error.message : String(error);
  }

  titleOf(name: string): string {
    return this.functions.find((each) => each.name === name)?.title ?? name;
  }

  lookOf(name: string): Look {
    return this.#looks.get(name) ?? OWN_LOOK;
  }

  kernelOf(name: string): Kernel | undefined {
    return this.lab.kernels.find(({ fn }) => fn.name === name) ?? this.formulas.get(name)?.kernel;
  }

  // -- painting ---------------------------------------------------------------------------------------
  show(sheet: Sheet): void {
    this.size = { width: sheet.width, height: sheet.height };
    if (!this.ready) {
      void this.#prepare();
      return;
    }
    this.#painted = this.now;
    this.#easel?.show({ traits: this.now, sheet, moving: this.walk.running });
  }

  /** A small picture, when there is time for it. */
  async small(traits: Traits, width: number, height: number): Promise<Pixels> {
    const [first = 0, second = 0] = traits.latent;
    if (!(await untrack(() => this.#compiled(layersOf(traits))))) return new Uint8ClampedArray(0);
    const [key, plan] = [keyOf(traits), this.paints.plan(traits)];
    const place = { width, height, latent: [first, second] as const };
    const pixels = this.#easel?.patiently((networks) => networks.paint(key, plan, place, 0, width * height));
    return (await pixels) ?? new Uint8ClampedArray(0);
  }

  async png(width: number, height: number, progress: (share: number) => void): Promise<Blob> {
    if (!this.#easel) throw new Error("there is no engine");
    return pngOf(this.#easel, this.paints, this.ready ? this.now : this.#painted, width, height, progress);
  }

  lookAt(x: number, y: number): void {
    // Rounded, so that steps forth and back lead to the same pixel.
    const within = (share: number): number => Number(Math.min(Math.max(share, 0), 1).toFixed(4));
    this.at = { x: within(x), y: within(y) };
    this.look();
  }

  /** Has the pixel that is looked at go through the network once more. */
  look(): void {
    void this.#look();
  }

  async #trace(): Promise<void> {
    const { width, height } = this.size;
    if (width * height === 0 || !this.#easel || !this.ready) return;
    const [first = 0, second = 0] = this.now.latent;
    const [key, plan] = [keyOf(this.now), this.paints.plan(this.now)];
    const [column, row] = [Math.min(Math.floor(this.at.x * width), width - 1), Math.min(Math.floor(this.at.y * height), height - 1)];
    const place = { width, height, latent: [first, second] as const };
    const look = await this.#easel.soon((networks) => networks.look(key, plan, place, row * width + column));
    const shorter = Math.min(width, height);
    this.shown = { ...look, x: (2 * column + 1 - width) / shorter, y: (2 * row + 1 - height) / shorter };
  }

  // -- formulas ---------------------------------------------------------------------------------------
  /** Paints with what was typed, in all layers or one; false where that is no function, and nothing has changed. */
  async use(text: string, layer?: number): Promise<boolean> {
    const known = this.lab.kernels.find(({ fn }) => fn.name === text || fn.aliases.includes(text))?.fn.name;
    const name = known ?? text;
    if (known === undefined && !isFormula(text)) this.formulas.refuse(text, messages.ignoredFunction({ name: text }));
    else if (await this.#compiled([name])) {
      this.rest();
      this.change({ activation: layer === undefined ? name : joined([...this.layers].with(layer, name)) });
      return true;
    }
    return false;
  }

  /** One of these formulas that has parameters: a picture is of numbers alone. */
  #open(names: readonly string[]): Own | undefined {
    return names.flatMap((name) => this.formulas.get(name) ?? []).find(({ fn }) => fn.parameters.length > 0);
  }

  /** Whether all of these can be painted with now; what cannot is told where formulas are typed. */
  async #compiled(names: readonly string[]): Promise<boolean> {
    if (!this.formulas.has(names) && !(await this.formulas.define(names))) return false;
    const open = this.#open(names);
    if (open) this.formulas.asking = open;
    return open === undefined;
  }

  /** Has the formulas of a link compiled. If that cannot be, the last picture stays, with its functions. */
  async #prepare(): Promise<void> {
    const wanted = this.now;
    const done = await this.#compiled(layersOf(wanted));
    if (!done && this.now.activation === wanted.activation)
      this.set({ activation: this.#painted.activation, depth: this.#painted.depth });
  }

  // -- changes ----------------------------------------------------------------------------------------
  randomise(): void {
    this.#path = undefined;
    this.change({ seed: anySeed(), latent: this.now.inputs.includes("latent") ? anyLatent() : this.now.latent });
    this.#renew();
  }

  setLayers(names: readonly string[]): void {
    this.change({ activation: joined(names), depth: names.length });
  }

  setDepth(depth: number): void {
    this.set({ depth, activation: joined(layersOf({ ...this.now, depth })) });
  }

  override undo(): void {
    this.rest();
    super.undo();
  }

  override redo(): void {
    this.rest();
    super.redo();
  }

  // -- the walk ---------------------------------------------------------------------------------------
  toggleWalk(): void {
    if (this.walk.running) this.rest();
    else {
      this.#path = undefined;
      this.walk.play();
    }
  }

  /** Stops where it is; that place is kept. */
  rest(): void {
    if (!this.walk.running) return;
    this.walk.pause();
    this.change({ latent: this.now.latent.map((value) => Number(value.toFixed(3))) });
  }

  #stride(): boolean {
    const [first = 0, second = 0] = this.now.latent;
    const time = performance.now();
    this.#path ??= { centre: [first - RADIUS, second], angle: 0, time };
    const path = this.#path;
    path.angle += (Math.min(time - path.time, 100) / 1000 / ROUND) * 2 * Math.PI;
    path.time = time;
    this.set({ latent: [path.centre[0] + RADIUS * Math.cos(path.angle), path.centre[1] + RADIUS * Math.sin(path.angle)] });
    return true;
  }

  // -- breeding ---------------------------------------------------------------------------------------
  breed(): void {
    this.rest();
    this.sheet = this.sheet.length > 0 ? [] : this.#litter();
  }

  /** Takes a variation; the sheet is then of its own variations. */
  pick(picked: Variation): void {
    this.change(picked.traits);
    this.sheet = this.#litter();
  }

  #renew(): void {
    if (this.sheet.length > 0) this.sheet = this.#litter();
  }

  #litter(): Variation[] {
    const names = this.functions.map(({ name }) => name);
    return variations(this.now, names, [...this.paints.palettes, "rgb"]);
  }

  protected override restored(): void {
    this.#path = undefined;
    this.#renew();
  }

  // -- the gallery ------------------------------------------------------------------------------------
  /** Whether the picture is there already. */
  get isKept(): boolean {
    return this.kept.some((each) => same(each, this.now));
  }

  keep(): void {
    this.rest();
    if (this.isKept) return;
    this.kept = [this.now, ...this.kept].slice(0, MOST);
    this.keeps = this.#gallery.store(this.kept);
  }

  forget(traits: Traits): void {
    this.kept = this.kept.filter((each) => each !== traits);
    this.keeps = this.#gallery.store(this.kept);
  }

  take(traits: Traits): void {
    this.rest();
    this.change(traits);
    this.#renew();
  }
}
