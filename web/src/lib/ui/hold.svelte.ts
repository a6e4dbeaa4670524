/** What a mark inside an SVG whose units are pixels needs to be dragged: it follows the pointer once a frame. */
export interface Hold {
  readonly held: boolean;
  down(event: Pointer): void;
  move(event: Pointer): void;
  up(event: PointerEvent): void;
}

type Pointer = PointerEvent & { currentTarget: SVGGElement };

interface Hands {
  /** Where the mark is. */
  readonly x: number;
  readonly y: number;
  /** Where the pointer would have it. */
  drag(x: number, y: number): void;
  /** The hand has let go. */
  done(): void;
  /** The browser took the gesture over. */
  cancel(): void;
}

/**
 * A finger that begins here moves the mark and not the page. Browsers do not heed `touch-action` on all that is inside
 * an SVG, and a handler in a template is passive.
 */
export function ownTouch(node: Element): () => void {
  const own = (event: Event): void => {
    event.preventDefault();
  };
  node.addEventListener("touchstart", own, { passive: false });
  return () => {
    node.removeEventListener("touchstart", own);
  };
}

/** Within the figure, which may scroll meanwhile. */
function place(event: Pointer): { x: number; y: number } {
  const box = event.currentTarget.ownerSVGElement?.getBoundingClientRect();
  return { x: event.clientX - (box?.left ?? 0), y: event.clientY - (box?.top ?? 0) };
}

export function hold(hands: Hands): Hold {
  /** From the pointer to the mark's middle; undefined while nobody holds it. */
  let grip: { x: number; y: number } | undefined = $state.raw();
  let frame = 0;
  let to = { x: 0, y: 0 };

  function flush(): void {
    cancelAnimationFrame(frame);
    if (frame !== 0) hands.drag(to.x, to.y);
    frame = 0;
  }

  return {
    get held() {
      return grip !== undefined;
    },
    down(event) {
      if (event.pointerType === "mouse" && event.button !== 0) return;
      event.stopPropagation();
      event.currentTarget.setPointerCapture(event.pointerId);
      const at = place(event);
      grip = { x: hands.x - at.x, y: hands.y - at.y };
    },
    move(event) {
      if (!grip) return;
      event.stopPropagation();
      const at = place(event);
      to = { x: at.x + grip.x, y: at.y + grip.y };
      frame ||= requestAnimationFrame(flush);
    },
    up(event) {
      if (!grip) return;
      event.stopPropagation();
      flush();
      grip = undefined;
      if (event.type === "pointercancel") hands.cancel();
      else hands.done();
    },
  };
}
