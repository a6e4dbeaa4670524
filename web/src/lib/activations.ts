/** An activation by its name; `constants` are those of its parameters that are not to be the default. */
export interface ChosenActivation {
  name: string;
  constants?: Readonly<Record<string, number>>;
}

/** The number of an activation in the engine, from 1, and its constants. */
export function numbered(
  known: readonly { name: string; constants: Record<string, number> }[],
  { name, constants = {} }: ChosenActivation,
): [number, number[]] {
  const number = known.findIndex((f) => f.name === name) + 1;
  const defaults = known[number - 1]?.constants;
  if (!defaults) throw new RangeError(`the engine has no activation ${name}`);
  const unknown = Object.keys(constants).find((key) => !(key in defaults));
  if (unknown !== undefined) throw new RangeError(`${name} has no parameter ${unknown}`);
  return [number, Object.entries(defaults).map(([key, value]) => constants[key] ?? value)];
}
