import { demo } from "../../lib/demo";
import Art from "./Art.svelte";
import { ArtState } from "./state.svelte";
import { DEFAULTS, LIMITS } from "./traits";

export default demo({ ...DEFAULTS }, Art, (model) => ArtState.open(model), { texts: "art", limits: LIMITS });
