import { demo } from "../../lib/demo";
import { fetchTexts } from "../../messages";
import Art from "./Art.svelte";
import { ArtState } from "./state.svelte";
import { DEFAULTS } from "./traits";

export default demo({ ...DEFAULTS }, Art, async (model) => {
  await fetchTexts("art");
  return ArtState.open(model);
});
