import { demo } from "../../lib/demo";
import { labOf } from "../../lib/lab/lab";
import { connect } from "../../lib/net/connect";
import { StepState } from "./state.svelte";
import Step from "./Step.svelte";
import { DEFAULTS, LIMITS } from "./traits";

export default demo({ ...DEFAULTS }, Step, async (model) => {
  const [lab, connection] = await Promise.all([labOf(model), connect(model)]);
  const state = new StepState(model, lab, connection);
  await state.restart();
  return state;
}, { limits: LIMITS });
