import { dataFile } from "../../lib/lab/lab";
import type { Drive } from "../../lib/lab/contract";
import type { Model } from "../../lib/model";
import type { Formulas } from "../../lib/net/formulas.svelte";
import type { Plan } from "../../lib/net/painter";
import { layersOf, type Traits } from "./traits";

/** data/art.json, as nonlin.art.studio writes it. */
export interface ArtData {
  version: 1;
  drive: Record<string, Drive>;
  output: { activation: string; gain: number };
  jitter: number;
  reference: number;
  inputs: string[];
  /** Colours that each palette is blended of. */
  palettes: Record<string, string[]>;
  /** Base64 of a zlib stream; each colour is told by how it differs from the one before. */
  tables: string;
}

const ROW = 3 * 256;
const TABLE = 64 * ROW;

export class Paints {
  private constructor(
    readonly data: ArtData,
    private readonly tables: Uint8Array,
    private readonly formulas: Formulas,
  ) {}

  /** The page's own file, or what a widget was given. */
  static async of(model: Model, formulas: Formulas): Promise<Paints> {
    const given = model.get("_art") as ArtData | undefined;
    const data = given ?? (JSON.parse(new TextDecoder().decode(await dataFile("art.json"))) as ArtData);
    const packed = Uint8Array.from(atob(data.tables), (character) => character.charCodeAt(0));
    const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
    const tables = new Uint8Array(await new Response(stream).arrayBuffer());
    for (let at = 0; at < tables.length; at++) if (at % ROW >= 3) tables[at] = (tables[at] ?? 0) + (tables[at - 3] ?? 0);
    return new Paints(data, tables, formulas);
  }

  get palettes(): string[] {
    return Object.keys(this.data.palettes);
  }

  plan(traits: Traits): Plan {
    const { drive, output, jitter, reference, inputs, palettes } = this.data;
    const hidden = layersOf(traits);
    const seen = traits.inputs.length + Number(traits.inputs.includes("latent"));
    const place = Object.keys(palettes).indexOf(traits.palette);
    const driven = hidden.map((name, layer): [number, number] => {
      const [gain, shift, detail] = drive[name] ?? this.formulas.get(name)?.kernel.engine?.drive ?? [1, 0, 1];
      const more = layer === 0 ? detail : 1;
      return [gain * more, shift * more];
    });
    return {
      seed: traits.seed,
      widths: [seen, ...hidden.map(() => traits.width), place < 0 ? 3 : 2],
      activations: [...hidden, output.activation],
      own: this.formulas.forEngine(hidden),
      drive: [...driven, [output.gain, 0]],
      jitter,
      reference,
      inputs: traits.inputs.reduce((bits, name) => bits | (1 << inputs.indexOf(name)), 0),
      ...(place < 0 ? {} : { table: this.tables.subarray(place * TABLE, (place + 1) * TABLE).slice() }),
    };
  }
}

/** What a painter is known by: all settings but the latent numbers. */
export const keyOf = (traits: Traits): string => JSON.stringify({ ...traits, latent: [] });
