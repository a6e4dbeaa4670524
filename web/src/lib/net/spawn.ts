/** The worker as a file of its own, as pages load it; a widget carries it inside (spawn.inline.ts). */
export const spawn = (): Worker => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
