import { assignLooks, OWN_LOOK, type Look } from "../colours";
import type { Lab } from "../lab/lab";
import type { Model } from "../model";
import { DemoState, type Readers } from "../state.svelte";
import type { Connection } from "./connect";

/** The state of a demo that trains: besides its traits, the functions with their looks, and the engine. */
export class NetworkState<Traits extends object> extends DemoState<Traits> {
  readonly lab: Lab;
  readonly connection: Connection;
  readonly #looks: Map<string, Look>;

  constructor(model: Model, defaults: Traits, readers: Readers<Traits>, lab: Lab, connection: Connection) {
    super(model, defaults, readers);
    this.lab = lab;
    this.connection = connection;
    this.#looks = assignLooks(lab.kernels.map(({ fn }) => fn.name));
  }

  override destroy(): void {
    super.destroy();
    this.connection.close();
  }

  get functions(): { name: string; title: string }[] {
    return this.lab.kernels.map(({ fn: { name, title } }) => ({ name, title }));
  }

  look(name: string): Look {
    return this.#looks.get(name) ?? OWN_LOOK;
  }

  title(name: string): string {
    return this.functions.find((each) => each.name === name)?.title ?? name;
  }
}
