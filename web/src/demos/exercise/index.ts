import { mount, unmount } from "svelte";
import type { Demo } from "../../lib/model";
import { messages } from "../../messages";
import { exerciseOf } from "./content";
import Exercise from "./Exercise.svelte";
import { ExerciseState } from "./state.svelte";
import "../../styles/tokens.css";
import "../../styles/controls.css";
import "./exercise.css";

/** An exercise as an anywidget module. Until it has loaded, its text stands there as the page brought it. */
const demo: Demo = {
  traits: { exercise: "" },
  render({ model, el }) {
    let cleanup: (() => void) | undefined;
    let gone = false;
    el.classList.add("nonlin");
    el.setAttribute("aria-busy", "true");
    exerciseOf(model)
      .then((exercise) => {
        if (gone) return;
        if (!exercise) throw new Error(messages.exercise.noSuch(String(model.get("exercise"))));
        const state = new ExerciseState(model, exercise);
        el.replaceChildren();
        const app = mount(Exercise, { target: el, props: { state } });
        cleanup = () => {
          state.destroy();
          void unmount(app);
        };
      })
      .catch((error: unknown) => {
        const message = document.createElement("p");
        message.className = "failure";
        message.setAttribute("role", "alert");
        message.textContent = messages.exercise.failed(error instanceof Error ? error.message : String(error));
        el.append(message);
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
