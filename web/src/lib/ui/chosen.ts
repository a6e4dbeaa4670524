/** Which option of a list is chosen; set anew when the list is another one, as an option that was not there yet cannot be. */
export const chosen =
  (key: string, options: readonly unknown[]) =>
  (select: HTMLSelectElement): void => {
    if (options.length > 0) select.value = key;
  };
