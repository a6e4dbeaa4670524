import "./styles/fonts.css";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/page.css";
import "./styles/print.css";
import { HashModel } from "./lib/hashModel";
import type { Demo } from "./lib/model";
import { addThemeToggle } from "./lib/theme";
import { messages, speak } from "./messages";

/** Brings a page to life: each `<div data-demo="NAME" data-options="{…}">` becomes its demo. */
const demos = import.meta.glob<{ default: Demo }>("./demos/*/index.ts");

async function hydrate(element: HTMLElement): Promise<void> {
  const name = element.dataset.demo ?? "";
  try {
    const load = demos[`./demos/${name}/index.ts`];
    if (!load) throw new Error(messages.noSuchDemo(name));
    const options = JSON.parse(element.dataset.options ?? "{}") as Record<string, unknown>;
    const { default: demo } = await load();
    const defaults = { ...demo.traits, ...options };
    demo.render({ model: new HashModel(defaults, element.dataset.scope), el: element });
  } catch (error) {
    element.textContent = messages.failed(error instanceof Error ? error.message : String(error));
  }
}

/** A figure starts when the reader comes near it; the first one, and all that will be printed, at once. */
function begin(elements: readonly HTMLElement[]): void {
  const waiting = new Set(elements);
  const start = (element: HTMLElement): void => {
    near.unobserve(element);
    if (waiting.delete(element)) void hydrate(element);
  };
  const near = new IntersectionObserver(
    (entries) => {
      for (const { isIntersecting, target } of entries) if (isIntersecting) start(target as HTMLElement);
    },
    { rootMargin: "800px 0px" },
  );
  for (const element of elements) near.observe(element);
  window.addEventListener("beforeprint", () => {
    for (const element of [...waiting]) start(element);
  });
  const [first] = elements;
  if (first) start(first);
}

async function start(): Promise<void> {
  const asked = document.documentElement.lang;
  const spoken = await speak(asked);
  addThemeToggle(document.querySelector(".site-header"));
  const figures = [...document.querySelectorAll<HTMLElement>("[data-demo]")];
  if (spoken.split("-")[0] !== asked.split("-")[0]) for (const figure of figures) figure.lang = spoken;
  begin(figures);
}

void start();
