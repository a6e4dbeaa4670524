import { demo } from "../../lib/demo";
import { labOf } from "../../lib/lab/lab";
import { connect } from "../../lib/net/connect";
import Linearity from "./Linearity.svelte";
import { LinearityState } from "./state.svelte";
import { DEFAULTS, LIMITS } from "./traits";

export default demo({ ...DEFAULTS }, Linearity, async (model) => {
  const [lab, connection] = await Promise.all([labOf(model), connect(model)]);
  return new LinearityState(model, lab, connection);
}, { limits: LIMITS });
