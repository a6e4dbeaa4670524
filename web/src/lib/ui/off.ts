/**
 * What a button gets that cannot be pressed just now. Unlike a disabled one it keeps the keyboard: who has pressed it for
 * the last time would otherwise be thrown out of the figure, whose keys would reach it no more.
 */
export const off = (no: boolean, act: () => void): { "aria-disabled": boolean; onclick: () => void } => ({
  "aria-disabled": no,
  onclick: () => {
    if (!no) act();
  },
});
