import "./styles/fonts.css";
import "./styles/tokens.css";
import "./styles/controls.css";
import "./styles/base.css";
import "./styles/page.css";
import "./styles/print.css";
import { HashModel } from "./lib/hashModel";
import { inTurn } from "./lib/inTurn";
import { labOfPage } from "./lib/lab/lab";
import type { Demo } from "./lib/model";
import { keepState } from "./lib/page";
import { addThemeToggle } from "./lib/theme";
import { messages, speak } from "./messages";

/** Brings a page to life: each `<div data-demo="NAME" data-options="{…}">` becomes its demo. */
const demos = import.meta.glob<{ default: Demo }>("./demos/*/index.ts");

async function hydrate(element: HTMLElement): Promise<void> {
  const name = element.dataset.demo ?? "";
  try {
    const load = demos[`./demos/${name}/index.ts`];
    if (!load) throw new Error(messages.noSuchDemo({ name }));
    const options = JSON.parse(element.dataset.options ?? "{}") as Record<string, unknown>;
    const { default: demo } = await load();
    const defaults = { ...demo.traits, ...options };
    demo.render({ model: new HashModel(defaults, element.dataset.scope), el: element });
    await settled(element);
  } catch (error) {
    element.textContent = messages.failed({ reason: error instanceof Error ? error.message : String(error) });
  }
}

/** Resolves once a demo no longer prepares itself. */
function settled(element: HTMLElement): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (element.getAttribute("aria-busy") === "true") return;
      observer.disconnect();
      resolve();
    };
    const observer = new MutationObserver(look);
    observer.observe(element, { attributeFilter: ["aria-busy"] });
    look();
  });
}

async function start(): Promise<void> {
  // On its way while the figures' code is read; they ask for it themselves, and tell what went wrong.
  if (document.querySelector("[data-demo]")) labOfPage().catch(() => undefined);
  const asked = document.documentElement.lang;
  const spoken = await speak(asked);
  keepState(document.querySelector(".languages"));
  addThemeToggle(document.querySelector(".site-header"));
  inTurn([...document.querySelectorAll<HTMLElement>("[data-demo]")], (element) => {
    if (spoken.split("-")[0] !== asked.split("-")[0]) element.lang = spoken;
    return hydrate(element);
  });
}

void start();
