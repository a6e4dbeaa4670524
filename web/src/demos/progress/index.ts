import { demo } from "../../lib/demo";
import { messages } from "../../messages";
import { exercisesOfPage } from "../exercise/content";
import Progress from "./Progress.svelte";
import "./progress.css";

/** How far the reader has come with the exercises, to take along, to bring back and to clear. */
export default demo(
  {},
  Progress,
  async () => {
    const exercises = await exercisesOfPage();
    const here = exercises.filter(({ name }) => document.getElementById(`exercise-${name}`));
    return { exercises: here.length > 0 ? here : exercises, destroy: () => undefined };
  },
  { failed: (reason) => messages.exerciseFailed({ reason }) },
);
