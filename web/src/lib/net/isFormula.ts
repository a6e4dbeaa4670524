const LONGEST = 500;

/** Whether a text is to be a formula, and no function's name: nonlin.art.Artwork tells them apart in the same way. */
export const isFormula = (text: string): boolean =>
  text === "z" || (text !== "" && text.length <= LONGEST && !/^[\p{L}_][\p{L}\p{N}_]*$/u.test(text));
