/**
 * Work that is asked for more often than it can be done: one at a time, and after it only what was asked last.
 * So a figure that is dragged shows the newest place, and never queues.
 */
export function latest(work: () => Promise<void>, failed: (error: unknown) => void): () => Promise<void> {
  let busy: Promise<void> | undefined;
  let again = false;
  async function run(): Promise<void> {
    try {
      do {
        again = false;
        await work();
        // Asked anew meanwhile.
      } while (again as boolean);
    } catch (error) {
      failed(error);
    } finally {
      busy = undefined;
    }
  }
  return () => {
    again = true;
    busy ??= run();
    return busy;
  };
}
