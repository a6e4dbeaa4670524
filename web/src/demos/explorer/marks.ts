import type { Obstacle } from "../../lib/plot/labels";
import type { Panel, Scene } from "./scene";
import type { Shown, Values } from "./state.svelte";

/** A function's point at z, in one panel. */
export interface Mark {
  shown: Shown;
  y: number;
  value: number;
  focused: boolean;
  radius: number;
  /** The tangent's angle in degrees, and half its length. */
  angle: number | undefined;
  reach: number;
}

/** The points at z in each panel, the focused one last. Slopes that must not be given away have no tangent. */
export function marksAt(
  scene: Scene,
  shown: readonly Shown[],
  values: Readonly<Record<string, Values>>,
  focus: string | undefined,
  secret: boolean,
): Mark[][] {
  const unit = { x: scene.x(1) - scene.x(0), y: (scene.panels[0]?.y(1) ?? 0) - (scene.panels[0]?.y(0) ?? 0) };
  const angle = (slope: number): number | undefined =>
    Number.isFinite(slope) ? (Math.atan2(unit.y * slope, unit.x) * 180) / Math.PI : undefined;
  const mark = ({ order, y }: Panel, each: Shown): Mark => {
    const triple = values[each.name];
    const value = triple?.[order] ?? NaN;
    const focused = each.name === focus;
    const turned = order === 0 && !secret && triple ? angle(triple[1]) : undefined;
    return { shown: each, y: y(value), value, focused, radius: focused ? 7 : 4.5, angle: turned, reach: focused ? 150 : 34 };
  };
  return scene.panels.map((panel) =>
    shown
      .map((each) => mark(panel, each))
      .filter(({ value }) => Number.isFinite(value))
      .toSorted((a, b) => Number(a.focused) - Number(b.focused)),
  );
}

/** What names should keep away from: a point with some air around it, and its tangent. */
export function obstaclesOf(marks: readonly Mark[], px: number): Obstacle[] {
  return marks.map(({ y, radius, angle, reach }) => {
    const disc = { x: px, y, radius: radius + 3 };
    if (angle === undefined) return disc;
    const turned = (angle * Math.PI) / 180;
    return { ...disc, arm: { x: reach * Math.cos(turned), y: reach * Math.sin(turned) } };
  });
}
