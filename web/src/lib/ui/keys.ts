interface Steps {
  undo(): void;
  redo(): void;
}

/** Ctrl+Z, and Ctrl+Y or Ctrl+Shift+Z, typed anywhere inside a figure except in a text, which has its own. */
export function undoKeys(lab: Steps): (event: KeyboardEvent) => void {
  return (event) => {
    if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
    const target = event.target;
    if (target instanceof HTMLTextAreaElement) return;
    if (target instanceof HTMLInputElement && target.type === "text") return;
    const letter = event.key.toLowerCase();
    if (letter === "z" && !event.shiftKey) lab.undo();
    else if (letter === "y" || (letter === "z" && event.shiftKey)) lab.redo();
    else return;
    event.preventDefault();
  };
}

/**
 * What a slider's keys make of its value: arrows go one step, a tenth of one with Shift, Page Up and Down ten, Home
 * and End to the ends. Undefined, with the event left alone, where the key is none of these.
 */
export function slid(event: KeyboardEvent, value: number, low: number, high: number, step = 1): number | undefined {
  if (event.ctrlKey || event.metaKey || event.altKey) return undefined;
  const unit = event.shiftKey && step !== 1 ? step / 10 : step;
  const ways: Record<string, number> = { ArrowRight: unit, ArrowUp: unit, ArrowLeft: -unit, ArrowDown: -unit, PageUp: 10 * step, PageDown: -10 * step, Home: -Infinity, End: Infinity };
  const by = ways[event.key];
  if (by === undefined) return undefined;
  event.preventDefault();
  return Math.min(Math.max(value + by, low), high);
}
