import { demo } from "../../lib/demo";
import { labOf } from "../../lib/lab/lab";
import { connect } from "../../lib/net/connect";
import { DEFAULTS, LIMITS, TraceState } from "./state.svelte";
import Trace from "./Trace.svelte";

export default demo({ ...DEFAULTS }, Trace, async (model) => {
  const [lab, connection] = await Promise.all([labOf(model), connect(model)]);
  const state = new TraceState(model, lab, connection);
  await state.refresh();
  return state;
}, { limits: LIMITS });
