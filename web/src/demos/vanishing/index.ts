import { demo } from "../../lib/demo";
import { VanishingState } from "./state.svelte";
import { DEFAULTS } from "./traits";
import Vanishing from "./Vanishing.svelte";

export default demo({ ...DEFAULTS }, Vanishing, (model) => VanishingState.open(model));
