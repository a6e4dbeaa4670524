import { demo } from "../../lib/demo";
import { labOf } from "../../lib/lab/lab";
import Softmax from "./Softmax.svelte";
import { DEFAULTS, LIMITS, SoftmaxState } from "./state.svelte";

export default demo({ ...DEFAULTS }, Softmax, async (model) => new SoftmaxState(model, (await labOf(model)).rows), { limits: LIMITS });
