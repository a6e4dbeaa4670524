import { demo } from "../../lib/demo";
import Art from "./Art.svelte";
import { ArtState } from "./state.svelte";
import { DEFAULTS } from "./traits";

export default demo({ ...DEFAULTS }, Art, (model) => ArtState.open(model), { texts: "art" });
