import { demo } from "../../lib/demo";
import { messages } from "../../messages";
import { exerciseOf } from "./content";
import Exercise from "./Exercise.svelte";
import { ExerciseState } from "./state.svelte";
import "./exercise.css";

/** An exercise. Until it has loaded, its text stands there as the page brought it. */
export default demo(
  { exercise: "" },
  Exercise,
  async (model) => {
    const exercise = await exerciseOf(model);
    if (!exercise) throw new Error(messages.exercise.noSuch({ name: String(model.get("exercise")) }));
    return new ExerciseState(model, exercise);
  },
  { failed: (reason) => messages.exerciseFailed({ reason }) },
);
