import { demo } from "../../lib/demo";
import { VanishingState } from "./state.svelte";
import { DEFAULTS, LIMITS } from "./traits";
import Vanishing from "./Vanishing.svelte";

export default demo({ ...DEFAULTS }, Vanishing, (model) => VanishingState.open(model), { limits: LIMITS });
