import { mount, unmount } from "svelte";
import { labOf } from "../../lib/lab/lab";
import type { Demo } from "../../lib/model";
import { messages } from "../../messages/en";
import Explorer from "./Explorer.svelte";
import { ExplorerState } from "./state.svelte";
import { DEFAULTS } from "./traits";
import "../../styles/tokens.css";
import "../../styles/controls.css";
import "./explorer.css";
import "./figure.css";
import "./notes.css";
import "./picker.css";
import "./readings.css";

/** The Explorer as an anywidget module; pages use it through src/page.ts. */
const demo: Demo = {
  traits: { ...DEFAULTS },
  render({ model, el }) {
    let cleanup: (() => void) | undefined;
    let gone = false;
    el.classList.add("nonlin");
    el.setAttribute("aria-busy", "true");
    labOf(model)
      .then((lab) => {
        if (gone) return;
        const state = new ExplorerState(model, lab);
        el.replaceChildren();
        const app = mount(Explorer, { target: el, props: { lab: state } });
        cleanup = () => {
          state.destroy();
          void unmount(app);
        };
      })
      .catch((error: unknown) => {
        const message = document.createElement("p");
        message.className = "failure";
        message.setAttribute("role", "alert");
        message.textContent = messages.failed(error instanceof Error ? error.message : String(error));
        el.replaceChildren(message);
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

export default demo;
