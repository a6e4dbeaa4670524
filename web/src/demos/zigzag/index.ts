import { demo } from "../../lib/demo";
import { labOf } from "../../lib/lab/lab";
import { connect } from "../../lib/net/connect";
import { ZigzagState } from "./state.svelte";
import { DEFAULTS, LIMITS } from "./traits";
import Zigzag from "./Zigzag.svelte";

export default demo({ ...DEFAULTS }, Zigzag, async (model) => {
  const [lab, connection] = await Promise.all([labOf(model), connect(model)]);
  return new ZigzagState(model, lab, connection);
}, { limits: LIMITS });
