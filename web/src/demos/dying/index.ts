import { demo } from "../../lib/demo";
import Dying from "./Dying.svelte";
import { DyingState } from "./state.svelte";
import { DEFAULTS, LIMITS } from "./traits";

export default demo({ ...DEFAULTS }, Dying, (model) => DyingState.open(model), { limits: LIMITS });
