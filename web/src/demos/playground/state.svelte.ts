import { untrack } from "svelte";
import { assignLooks, OWN_LOOK, type Look } from "../../lib/colours";
import { forTesting, generate, SPAN, type Point } from "../../lib/data";
import type { ChosenActivation, EngineDescription } from "../../lib/engine";
import type { Fn } from "../../lib/lab/contract";
import type { Lab } from "../../lib/lab/lab";
import type { Model } from "../../lib/model";
import type { Connection } from "../../lib/net/connect";
import type { Formulas } from "../../lib/net/formulas.svelte";
import type { Place, View } from "../../lib/net/frame";
import { isFormula } from "../../lib/net/isFormula";
import { Runner } from "../../lib/runner.svelte";
import { DemoState } from "../../lib/state.svelte";
import { messages } from "../../messages";
import { colours, samplesOf, viewOf } from "./plan";
import { decodePoints, encodePoints, LONGEST_LINK } from "./points";
import { DEFAULTS, MOST_POINTS, readers, type Traits } from "./traits";
import { Training, type Plan } from "./training.svelte";

/** Own points that would make the link too long stay out of it. */
function shortened(model: Model): Model {
  if (model.send) return model;
  return {
    get: (name) => model.get(name),
    set: (name, value) => {
      model.set(name, name === "points" && String(value).length > LONGEST_LINK ? "" : value);
    },
    save_changes: () => {
      model.save_changes();
    },
    on: (event, callback) => {
      model.on(event, callback);
    },
    off: (event, callback) => {
      model.off(event, callback);
    },
  };
}

/** The state of the playground. Everything in `now` is in the link; the network that follows from it is in `training`. */
export class PlaygroundState extends DemoState<Traits> {
  readonly training: Training;
  readonly runner: Runner;
  readonly engine: EngineDescription;
  /** The reader's own functions, once there is one: few come to that. */
  formulas: Formulas | undefined = $state.raw();
  /** Those of the catalogue, and formulas that were compiled. */
  readonly functions: readonly Fn[] = $derived.by(() => {
    const names = this.engine.activations.map(({ name }) => name);
    const built = this.#lab.kernels.map(({ fn }) => fn).filter(({ name }) => names.includes(name));
    return [...built, ...(this.formulas?.all ?? []).map(({ fn }) => fn)];
  });
  /** The question suits only the state that the demo opens with. */
  readonly asks: boolean;
  failure = $state("");
  /** Which unit, or which weight into it, is looked at. */
  selected: Place & { from?: number } = $state.raw({ layer: 0, unit: 0 });

  readonly points: readonly Point[] = $derived.by(() => {
    const { data, samples, noise, data_seed, classes } = this.now;
    if (data === "own") return decodePoints(this.now.points) ?? [];
    return generate({ kind: data, count: samples, noise, seed: data_seed, classes });
  });
  readonly testing: readonly boolean[] = $derived(forTesting(this.points, this.now.test_share));
  readonly classes: number = $derived(this.points.reduce((most, { label }) => Math.max(most, label + 1), 2));
  /** Half the side of the plane. */
  readonly half: number = $derived.by(() => {
    const reach = this.points.reduce((most, { x, y }) => Math.max(most, Math.abs(x), Math.abs(y)), 0);
    return reach <= SPAN ? SPAN : Number((reach * 1.05).toPrecision(2));
  });
  readonly widths: readonly number[] = $derived([2, ...this.now.layers, this.classes === 2 ? 1 : 3]);
  readonly linkTooLong: boolean = $derived(
    this.hasLink && this.now.data === "own" && this.now.points.length > LONGEST_LINK,
  );

  readonly #lab: Lab;
  readonly #looks: Map<string, Look>;
  #root: Element | undefined;
  #theme = 0;
  #syncing: Promise<void> | undefined;
  #again = false;
  /** The functions of the network that is there. */
  #used: Pick<Traits, "activation" | "activations"> = {
    activation: DEFAULTS.activation,
    activations: [],
  };
  #viewed: { key: string; view: View } | undefined;

  constructor(model: Model, lab: Lab, connection: Connection, engine: EngineDescription) {
    super(shortened(model), DEFAULTS, readers(lab, engine));
    this.#lab = lab;
    this.engine = engine;
    this.#looks = assignLooks(lab.kernels.map(({ fn }) => fn.name));
    const asked = [model.get("activation"), model.get("activations")].flat().map(String);
    const lost = asked.find((name) => isFormula(name) && !lab.definer(name));
    if (lost !== undefined) this.ignored = [...this.ignored, messages.formulaNeedsServer({ formula: lost })];
    this.asks = this.now.ask && this.now.layers.length === 0 && this.now.data === "xor";
    this.training = new Training(connection);
    this.runner = new Runner(
      () => this.#round(),
      (error) => {
        this.failure = error instanceof Error ? error.message : String(error);
      },
    );
    this.selected = this.output;
  }

  override destroy(): void {
    super.destroy();
    this.runner.destroy();
    this.training.close();
  }

  get output(): Place {
    return { layer: this.widths.length - 2, unit: 0 };
  }

  look(name: string): Look {
    return this.#looks.get(name) ?? OWN_LOOK;
  }

  function(name: string): Fn | undefined {
    return this.functions.find((fn) => fn.name === name);
  }

  /** The activation of a hidden layer; null for the output's, which is linear. */
  /** Another number of layers or units; new layers get the last one's activation where each has its own. */
  setLayers(layers: number[]): void {
    const { activations, activation } = this.now;
    const last = this.now.layers.length - 1;
    const each = layers.map((_, layer) => this.activationOf(Math.min(layer, last)) ?? activation);
    this.change({ layers, activations: activations.length > 0 ? each : [] });
  }

  activationOf(layer: number): string | null {
    if (layer >= this.now.layers.length) return null;
    return this.now.activations[layer] ?? this.now.activation;
  }

  /** Names of the hidden layers' functions. */
  get #names(): string[] {
    return this.now.layers.map((_, layer) => this.activationOf(layer) ?? "");
  }

  /** The functions in use, in order, each once. */
  get used(): Fn[] {
    const names = this.#names;
    return this.functions.filter(({ name }) => names.includes(name));
  }

  /** The first function in use whose results have no bounds. */
  async unbounded(): Promise<Fn | undefined> {
    for (const fn of this.used) {
      const kernel = this.formulas?.get(fn.name)?.kernel ?? this.#lab.kernels.find((each) => each.fn === fn);
      const facts = await kernel?.facts();
      if (facts?.properties.some(({ key, value }) => key === "range" && value.includes("∞"))) return fn;
    }
    return undefined;
  }

  /** What the sigmoid of a score is: the probability of class B. */
  probability(score: number): number {
    return this.#lab.kernels.find(({ fn }) => fn.name === "sigmoid")?.at(0, score, []) ?? NaN;
  }

  // Starting, and following every change

  /** From now on it works inside this element, whose colours its pictures have. */
  attach(root: Element): void {
    this.#root = root;
    this.runner.watch(root);
    void untrack(() => this.follow());
  }

  themeChanged(): void {
    this.#theme++;
    void this.follow();
  }

  override set(change: Partial<Traits>): void {
    super.set(change);
    void this.follow();
  }

  protected override restored(): void {
    void this.follow();
  }

  /** Brings the worker up to the present state, one state at a time, the last one in any case. */
  follow(): Promise<void> {
    if (!this.#root) return Promise.resolve();
    this.#again = true;
    this.#syncing ??= this.#catchUp().finally(() => {
      this.#syncing = undefined;
    });
    return this.#syncing;
  }

  async #catchUp(): Promise<void> {
    try {
      while (this.#again) {
        this.#again = false;
        if (!(await this.#compiled())) continue;
        const plan = this.#plan();
        if (!plan) return;
        const depth = this.training.widths.length;
        const { anew, changed } = await this.training.apply(plan);
        const { layer, unit, from } = this.selected;
        const width = plan.network.widths[layer + 1] ?? 0;
        const lost = unit >= width || (from !== undefined && from >= (plan.network.widths[layer] ?? 0));
        if ((anew && depth !== plan.network.widths.length) || lost) this.selected = this.output;
        if (changed) this.runner.unblock();
        await this.training.run(0, this.selected);
      }
    } catch (error) {
      this.failure = error instanceof Error ? error.message : String(error);
    }
  }

  /** Has formulas compiled that are not yet; if one is refused, the functions of the present network are back. */
  async #compiled(): Promise<boolean> {
    const { activation, activations } = this.now;
    if (!(await this.define(this.#names))) {
      if (this.now.activation === activation && this.now.activations === activations) this.set(this.#used);
      return false;
    }
    if (!this.#again) this.#used = { activation, activations };
    return !this.#again;
  }

  #plan(): Plan | undefined {
    if (!this.#root) return undefined;
    const now = this.now;
    const widths = [...this.widths];
    const activations = [...now.layers.map((_, layer) => this.chosen(layer)), null];
    const viewKey = JSON.stringify([this.half, this.classes, now.loss, this.#theme]);
    const crossEntropy = this.classes === 2 ? "binary_cross_entropy" : "cross_entropy";
    const training = {
      loss: now.loss === "cross_entropy" ? crossEntropy : now.loss,
      optimizer: now.optimizer,
      lr: now.lr,
      batchSize: now.batch_size,
      weightDecay: now.weight_decay,
    };
    const generated = now.data === "own" ? "" : [now.data, now.classes, now.samples, now.noise, now.data_seed];
    const of = (test: boolean): ReturnType<typeof samplesOf> =>
      samplesOf(
        this.points.filter((_, index) => this.testing[index] === test),
        this.classes,
        now.loss,
      );
    return {
      network: { widths, activations, own: this.formulas?.forEngine(this.#names) ?? [], init: now.init, seed: BigInt(now.seed) },
      networkKey: JSON.stringify([widths, activations, now.init, now.seed, now.loss, generated]),
      train: of(false),
      test: of(true),
      training,
      dataKey: JSON.stringify([training, now.test_share, this.points]),
      view: this.#view(viewKey, this.#root),
      viewKey,
    };
  }

  /** The same pixels and tables as long as nothing of them changes. */
  #view(key: string, root: Element): View {
    if (this.#viewed?.key !== key) {
      const { loss } = this.now;
      const view = viewOf(colours(root), this.classes, loss, this.half, (score) => this.probability(score));
      this.#viewed = { key, view };
    }
    return this.#viewed.view;
  }

  /** The activation of a hidden layer, with its constants. */
  chosen(layer: number): ChosenActivation {
    const name = this.activationOf(layer) ?? "";
    const own = Object.entries(this.now.params).filter(([key]) => key.slice(0, key.lastIndexOf(".")) === name);
    if (own.length === 0) return { name };
    return { name, constants: Object.fromEntries(own.map(([key, value]) => [key.slice(name.length + 1), value])) };
  }

  async #round(): Promise<boolean> {
    const { running } = this.runner;
    await this.#syncing;
    if (this.points.length === 0) return false;
    return this.training.run(running ? this.now.speed : 1, this.selected, running);
  }

  /** Training has stopped: all numbers and the picture at their best. */
  rested(): void {
    this.training.publish();
    if (this.training.coarse) void this.follow();
  }

  // What a person does

  async rewind(): Promise<void> {
    await this.runner.rest();
    await this.follow();
    await this.training.rewind();
    this.runner.unblock();
    await this.training.run(0, this.selected);
  }

  select(place: Place & { from?: number }): void {
    this.selected = place;
    if (!this.runner.running) void this.follow();
  }

  async setParameter(index: number, value: number): Promise<void> {
    const running = this.runner.running;
    await this.runner.rest();
    const parameters = this.training.parameters?.slice();
    if (!parameters) return;
    parameters[index] = value;
    await this.setParameters(parameters);
    if (running) this.runner.play();
  }

  /** Other weights in place of those that it has. */
  async setParameters(parameters: Float32Array): Promise<void> {
    await this.training.setParameters(parameters);
    this.runner.unblock();
    await this.training.run(0, this.selected);
  }

  async openFormulas(): Promise<Formulas> {
    const { Formulas: Opened } = await import("../../lib/net/formulas.svelte");
    return (this.formulas ??= new Opened(this.#lab));
  }

  /** Has the formulas among these compiled; false as soon as one is refused. */
  async define(names: readonly string[]): Promise<boolean> {
    const missing = names.filter((name) => isFormula(name) && !this.function(name));
    return missing.length === 0 || (await this.openFormulas()).define(missing);
  }

  /** Takes a formula for all layers or one; false where that is no function, and nothing has changed. */
  async use(text: string, layer?: number): Promise<boolean> {
    const known = this.functions.find((fn) => fn.name === text || fn.aliases.includes(text))?.name;
    const name = known ?? text;
    if (known === undefined && !isFormula(text)) this.formulas?.refuse(text, messages.ignoredFunction({ name: text }));
    else if (await this.define([name])) {
      if (layer === undefined) this.change({ activation: name, activations: [] });
      else this.change({ activations: this.#names.with(layer, name) });
      return true;
    }
    return false;
  }

  // One's own points

  setPoints(points: readonly Point[], key = ""): void {
    this.change({ data: "own", points: encodePoints(points.slice(0, MOST_POINTS)) }, key);
  }
}
