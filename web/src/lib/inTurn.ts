/**
 * Starts what is in view, or less than a window's height from it, at once; then the rest, one after another, whenever
 * the page has nothing else to do. So the first figure does not wait for the tenth, and none has to be waited for.
 */
export function inTurn(elements: readonly HTMLElement[], start: (element: HTMLElement) => void): void {
  const waiting = new Set(elements);
  const begin = (element: HTMLElement): void => {
    if (!waiting.delete(element)) return;
    observer.unobserve(element);
    start(element);
  };
  const observer = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) if (isIntersecting) begin(target as HTMLElement);
      rest();
    },
    { rootMargin: "100% 0px" },
  );
  let asked = false;
  const rest = (): void => {
    if (asked || waiting.size === 0) return;
    asked = true;
    whenIdle(() => {
      asked = false;
      const [next] = waiting;
      if (next) begin(next);
      rest();
    });
  };
  for (const element of elements) observer.observe(element);
  addEventListener("beforeprint", () => {
    for (const element of elements) begin(element);
  });
}

/** Safari has no requestIdleCallback. */
function whenIdle(act: () => void): void {
  if (typeof requestIdleCallback === "function") requestIdleCallback(act, { timeout: 2000 });
  else setTimeout(act, 200);
}
