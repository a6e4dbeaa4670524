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
