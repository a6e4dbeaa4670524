import { engineOf } from "../lab/lab";
import type { Model } from "../model";
import { local, remote, type Remote } from "./calls";
import type { Networks } from "./networks";
import { spawn } from "./spawn";

export interface Connection {
  networks: Remote<Networks>;
  close(): void;
}

/** The engine in a worker of its own; in this thread where the surroundings allow no worker. */
export async function connect(model: Model): Promise<Connection> {
  const files = await engineOf(model);
  let worker: Worker | undefined;
  try {
    worker = spawn();
    const networks = remote<Networks>(worker);
    await networks.load(files);
    const running = worker;
    return {
      networks,
      close: () => {
        running.terminate();
      },
    };
  } catch {
    worker?.terminate();
    // Only now: a page whose worker runs needs no second copy.
    const { Networks: Here } = await import("./networks");
    const here = new Here();
    await here.load(files);
    return { networks: local(here), close: () => undefined };
  }
}
