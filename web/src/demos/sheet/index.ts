import { demo } from "../../lib/demo";
import { labOf } from "../../lib/lab/lab";
import Sheet from "./Sheet.svelte";
import { DEFAULTS, SheetState } from "./state.svelte";

export default demo({ ...DEFAULTS }, Sheet, async (model) => new SheetState(model, await labOf(model)));
