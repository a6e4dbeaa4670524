import { mount, unmount } from "svelte";
import type { Demo } from "../../lib/model";
import { messages } from "../../messages";
import { exercisesOfPage } from "../exercise/content";
import Progress from "./Progress.svelte";
import "../../styles/tokens.css";
import "../../styles/controls.css";
import "./progress.css";

/** How far the reader has come with the exercises, to take along, to bring back and to clear. */
const demo: Demo = {
  traits: {},
  render({ el }) {
    let cleanup: (() => void) | undefined;
    let gone = false;
    el.classList.add("nonlin");
    exercisesOfPage()
      .then((exercises) => {
        if (gone) return;
        const here = exercises.filter(({ name }) => document.getElementById(`exercise-${name}`));
        el.replaceChildren();
        const app = mount(Progress, { target: el, props: { exercises: here.length > 0 ? here : exercises } });
        cleanup = () => void unmount(app);
      })
      .catch((error: unknown) => {
        el.textContent = messages.exercise.failed(error instanceof Error ? error.message : String(error));
      });
    return () => {
      gone = true;
      cleanup?.();
    };
  },
};

export default demo;
