import { demo } from "../../lib/demo";
import Sheet from "./Sheet.svelte";
import { DEFAULTS, LIMITS, SheetState } from "./state.svelte";

export default demo({ ...DEFAULTS }, Sheet, (model) => SheetState.open(model), { limits: LIMITS });
