/**
 * What a button does, and that it cannot be pressed just now. Unlike a disabled one it keeps the keyboard: who has pressed it
 * for the last time would otherwise be thrown out of the figure, whose keys would reach it no more.
 */
export const off =
  (no: boolean, act: () => void) =>
  (button: HTMLButtonElement): void => {
    button.ariaDisabled = String(no);
    button.onclick = () => {
      if (!no) act();
    };
  };
