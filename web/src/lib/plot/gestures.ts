/**
 * Mouse, pen and touch on a plot. Near the grip a drag moves the grip; elsewhere it pans; two fingers pinch;
 * a click moves the grip there; the wheel with ctrl (or a pinch on a trackpad) zooms.
 * Moves are handed on once per frame. Pixels only: what they mean is the caller's business.
 */
export interface Gestures {
  /** Is this point near the grip? `coarse` for a finger. */
  grips: (x: number, y: number, coarse: boolean) => boolean;
  grip: (x: number, y: number) => void;
  pan: (dx: number, dy: number) => void;
  zoom: (factor: number, x: number, y: number) => void;
  /** A gesture is over; `what` was done. */
  done: (what: "grip" | "pan" | "zoom") => void;
  /** The browser took the gesture over, to scroll the page. */
  cancel: () => void;
}

interface Point {
  x: number;
  y: number;
}

const CLICK_SLOP = 4;

export function gestures(surface: Element, handlers: Gestures): () => void {
  const pointers = new Map<number, Point>();
  let mode: "grip" | "pan" | "pinch" | undefined;
  let start: Point = { x: 0, y: 0 };
  let last: Point = start;
  let moved = false;
  let pinch = { distance: 1, centre: start };
  let frame = 0;
  let pending: (() => void) | undefined;
  let wheelTimer = 0;

  function place(event: MouseEvent): Point {
    const box = surface.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  function schedule(action: () => void): void {
    pending = action;
    frame ||= requestAnimationFrame(flush);
  }

  function flush(): void {
    cancelAnimationFrame(frame);
    frame = 0;
    const action = pending;
    pending = undefined;
    action?.();
  }

  function fingers(): typeof pinch {
    const [a = start, b = start] = [...pointers.values()];
    return {
      distance: Math.max(Math.hypot(a.x - b.x, a.y - b.y), 10),
      centre: { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 },
    };
  }

  function down(event: PointerEvent): void {
    if (event.pointerType === "mouse" && event.button !== 0) return;
    const point = place(event);
    pointers.set(event.pointerId, point);
    surface.setPointerCapture(event.pointerId);
    if (pointers.size === 2) {
      flush();
      mode = "pinch";
      pinch = fingers();
      return;
    }
    start = last = point;
    moved = false;
    mode = handlers.grips(point.x, point.y, event.pointerType !== "mouse") ? "grip" : "pan";
  }

  function move(event: PointerEvent): void {
    if (!pointers.has(event.pointerId)) return;
    const point = place(event);
    pointers.set(event.pointerId, point);
    moved ||= Math.hypot(point.x - start.x, point.y - start.y) > CLICK_SLOP;
    if (mode === "grip" && moved) schedule(() => handlers.grip(point.x, point.y));
    else if (mode === "pan" && moved) {
      schedule(() => {
        handlers.pan(point.x - last.x, point.y - last.y);
        last = point;
      });
    } else if (mode === "pinch") {
      schedule(() => {
        const now = fingers();
        handlers.pan(now.centre.x - pinch.centre.x, now.centre.y - pinch.centre.y);
        handlers.zoom(pinch.distance / now.distance, now.centre.x, now.centre.y);
        pinch = now;
      });
    }
  }

  function up(event: PointerEvent): void {
    if (!pointers.delete(event.pointerId)) return;
    flush();
    if (mode === "pinch") {
      handlers.done("zoom");
      mode = undefined;
    } else if (mode) {
      if (event.type === "pointercancel") handlers.cancel();
      else {
        if (!moved) handlers.grip(start.x, start.y);
        handlers.done(moved ? mode : "grip");
      }
      mode = undefined;
    }
  }

  function wheel(event: WheelEvent): void {
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const { x, y } = place(event);
    handlers.zoom(Math.exp(Math.min(Math.max(event.deltaY, -50), 50) * 0.01), x, y);
    clearTimeout(wheelTimer);
    wheelTimer = window.setTimeout(() => handlers.done("zoom"), 250);
  }

  const options = { passive: false } as const;
  surface.addEventListener("pointerdown", down as EventListener);
  surface.addEventListener("pointermove", move as EventListener);
  surface.addEventListener("pointerup", up as EventListener);
  surface.addEventListener("pointercancel", up as EventListener);
  surface.addEventListener("wheel", wheel as EventListener, options);
  return () => {
    cancelAnimationFrame(frame);
    clearTimeout(wheelTimer);
    surface.removeEventListener("pointerdown", down as EventListener);
    surface.removeEventListener("pointermove", move as EventListener);
    surface.removeEventListener("pointerup", up as EventListener);
    surface.removeEventListener("pointercancel", up as EventListener);
    surface.removeEventListener("wheel", wheel as EventListener);
  };
}
