import { demo } from "../../lib/demo";
import { labOf } from "../../lib/lab/lab";
import Explorer from "./Explorer.svelte";
import { ExplorerState } from "./state.svelte";
import { DEFAULTS, LIMITS } from "./traits";
import "./explorer.css";
import "./figure.css";
import "./notes.css";
import "./picker.css";
import "./readings.css";

export default demo({ ...DEFAULTS }, Explorer, async (model) => new ExplorerState(model, await labOf(model)), { texts: "start", limits: LIMITS });
