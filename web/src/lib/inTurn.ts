/** That somebody reads on: text out of sight is then laid out (page.css). */
const SIGNS = ["scroll", "wheel", "pointerdown", "keydown"] as const;
/** Milliseconds after which somebody is taken to read without any sign. */
const PATIENCE = 6000;

/**
 * Starts what is in view at once. What is less than a window's height from it waits until that is done; then, once
 * somebody reads on, the rest, one after another, whenever the page has nothing else to do. So the first figure waits
 * for no other, whoever only takes a look pays for one, and none has to be waited for.
 */
export function inTurn(elements: readonly HTMLElement[], start: (element: HTMLElement) => Promise<void>): void {
  const waiting = new Set(elements);
  const near = new Set<HTMLElement>();
  document.documentElement.dataset.turns = "";
  let busy = 0;
  let reading = false;
  const begin = (element: HTMLElement): void => {
    if (!waiting.delete(element)) return;
    near.delete(element);
    observer.unobserve(element);
    nearby.unobserve(element);
    busy++;
    element.dataset.begun = "";
    void start(element).finally(() => {
      busy--;
      rest();
    });
  };
  const seen = (entries: IntersectionObserverEntry[], act: (element: HTMLElement) => void): void => {
    for (const { isIntersecting, target } of entries) if (isIntersecting) act(target as HTMLElement);
    rest();
  };
  const observer = new IntersectionObserver((entries) => {
    seen(entries, begin);
  });
  const nearby = new IntersectionObserver(
    (entries) => {
      seen(entries, (element) => near.add(element));
    },
    { rootMargin: "100% 0px" },
  );
  let asked = false;
  const rest = (): void => {
    if (asked || busy > 0 || waiting.size === 0) return;
    asked = true;
    whenIdle(() => {
      asked = false;
      if (busy > 0) return;
      const [next] = near.size > 0 || !reading ? near : waiting;
      if (next) begin(next);
    });
  };
  for (const element of elements) {
    observer.observe(element);
    nearby.observe(element);
  }
  const readsOn = (): void => {
    if (reading) return;
    reading = true;
    document.documentElement.dataset.reading = "";
    rest();
  };
  for (const sign of SIGNS) addEventListener(sign, readsOn, { once: true, passive: true });
  setTimeout(readsOn, PATIENCE);
  addEventListener("beforeprint", () => {
    for (const element of elements) begin(element);
  });
}

/** Safari has no requestIdleCallback. */
function whenIdle(act: () => void): void {
  if (typeof requestIdleCallback === "function") requestIdleCallback(act, { timeout: 2000 });
  else setTimeout(act, 200);
}

/** Acts once what has just been made is on the screen; gives what calls that off. */
export function whenSeen(act: () => void): () => void {
  let frame = requestAnimationFrame(() => {
    frame = requestAnimationFrame(() => {
      timer = window.setTimeout(act);
    });
  });
  let timer = 0;
  return () => {
    cancelAnimationFrame(frame);
    clearTimeout(timer);
  };
}
