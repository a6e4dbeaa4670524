import { demo } from "../../lib/demo";
import { engineOf, labOf } from "../../lib/lab/lab";
import { connect } from "../../lib/net/connect";
import Playground from "./Playground.svelte";
import { PlaygroundState } from "./state.svelte";
import { DEFAULTS, LIMITS } from "./traits";

export default demo({ ...DEFAULTS }, Playground, async (model) => {
  const [lab, connection, { description }] = await Promise.all([labOf(model), connect(model), engineOf(model)]);
  return new PlaygroundState(model, lab, connection, description);
}, { limits: LIMITS });
