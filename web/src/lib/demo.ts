import { mount, unmount, type Component } from "svelte";
import { fetchTexts, messages, type Part } from "../messages";
import type { Demo, Model } from "./model";
import type { Reader } from "./state.svelte";
import "../styles/tokens.css";
import "../styles/controls.css";

/** What a demo's state must be able to do besides its own business. */
interface Closable {
  destroy(): void;
}

function failure(text: string): HTMLElement {
  const message = document.createElement("p");
  message.className = "failure";
  message.setAttribute("role", "alert");
  message.textContent = text;
  return message;
}

interface Options {
  /** The part of the texts that it needs, beside those that every page has. */
  texts?: Part;
  /** Those of its readers that need neither the catalogue nor the engine. */
  limits?: Record<string, Reader<unknown>>;
  /** Told below what stands there already, in place of the usual. */
  failed?: (reason: string) => string;
}

/**
 * A demo as an anywidget module: its texts are fetched and its state is prepared, then its component is shown
 * with it. Until then the element is busy; an error along the way is told in its place.
 */
export function demo<State extends Closable>(
  traits: Record<string, unknown>,
  component: Component<{ lab: State }>,
  prepare: (model: Model) => State | Promise<State>,
  { texts = "figures", limits = {}, failed }: Options = {},
): Demo {
  return {
    traits: { ...traits },
    takes: Object.fromEntries(Object.entries(limits).flatMap(([name, { takes }]) => (takes ? [[name, takes]] : []))),
    render({ model, el }) {
      let cleanup: (() => void) | undefined;
      let gone = false;
      el.classList.add("nonlin");
      el.setAttribute("aria-busy", "true");
      fetchTexts(texts)
        .then(() => prepare(model))
        .then((state) => {
          if (gone) {
            state.destroy();
            return;
          }
          el.replaceChildren();
          const app = mount(component, { target: el, props: { lab: state } });
          cleanup = () => {
            state.destroy();
            void unmount(app);
          };
        })
        .catch((error: unknown) => {
          const reason = error instanceof Error ? error.message : String(error);
          if (failed) el.append(failure(failed(reason)));
          else el.replaceChildren(failure(messages.failed({ reason })));
        })
        .finally(() => {
          el.removeAttribute("aria-busy");
        });
      return () => {
        gone = true;
        cleanup?.();
      };
    },
  };
}
