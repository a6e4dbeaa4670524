/**
 * Starts each figure when the reader is about to come to it, so that a page with ten of them does the work of one,
 * and all of them before the page is printed.
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
    },
    { rootMargin: "150% 0px" },
  );
  for (const element of elements) observer.observe(element);
  addEventListener("beforeprint", () => {
    for (const element of elements) begin(element);
  });
}
