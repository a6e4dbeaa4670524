import type { Easel } from "./easel";
import { pieces } from "./easel";
import { keyOf, type Paints } from "./data";
import type { Traits } from "./traits";
import { layersOf } from "./traits";

/** The text chunk in which nonlin.art keeps a picture's settings. */
const KEY = "nonlin artwork";
const FINE = 2;
const BAND = 1 << 16;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

function chunk(kind: string, data: Uint8Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(ascii(kind), 4);
  bytes.set(data, 8);
  let check = 0xffffffff;
  for (let at = 4; at < 8 + data.length; at++) check = (check >>> 8) ^ (TABLE[(check ^ (bytes[at] ?? 0)) & 255] ?? 0);
  view.setUint32(8 + data.length, ~check);
  return bytes;
}

const ascii = (text: string): Uint8Array => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** A number as Python writes one that need not be whole. */
const real = (value: number): string => (Number.isInteger(value) ? value.toFixed(1) : String(value));

/** The settings as nonlin.art.files writes them. */
export function settingsText(traits: Traits): string {
  const names = layersOf(traits);
  const text = (item: string): string =>
    JSON.stringify(item).replace(/[^ -~]/g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
  const list = (items: readonly string[]): string => `[${items.map(text).join(", ")}]`;
  const told = {
    seed: String(traits.seed),
    activation: new Set(names).size > 1 ? list(names) : text(names[0] ?? ""),
    depth: String(traits.depth),
    width: String(traits.width),
    palette: JSON.stringify(traits.palette),
    inputs: list(traits.inputs),
    latent: `[${traits.latent.map(real).join(", ")}]`,
  };
  return `{${Object.entries(told)
    .map(([name, value]) => `"${name}": ${value}`)
    .join(", ")}}`;
}

function header(width: number, height: number): Uint8Array {
  const bytes = new Uint8Array(13);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  bytes.set([8, 2], 8); // eight bits for each of red, green and blue
  return bytes;
}

/** A picture as a PNG file with its settings inside, made band by band. */
export async function pngOf(
  easel: Easel,
  paints: Paints,
  traits: Traits,
  width: number,
  height: number,
  progress: (share: number) => void,
): Promise<Blob> {
  const [key, plan] = [keyOf(traits), paints.plan(traits)];
  const [first = 0, second = 0] = traits.latent;
  const place = { width, height, latent: [first, second] as const };
  const packer = new CompressionStream("deflate");
  const parts: BlobPart[] = [
    ascii("\x89PNG\r\n\x1a\n").slice(),
    chunk("IHDR", header(width, height)),
    chunk("tEXt", ascii(`${KEY}\0${settingsText(traits)}`)),
  ];
  const packed = (async () => {
    const reader = packer.readable.getReader();
    for (;;) {
      const { value } = await reader.read();
      if (!value) return;
      parts.push(new Blob([chunk("IDAT", value)]));
    }
  })();
  const writer = packer.writable.getWriter();
  const bands = pieces(height, Math.max(1, Math.floor(BAND / (width * FINE * FINE))));
  // A few bands are at work at once, and no more: memory does not grow with the picture.
  const ahead = 2 * Math.max(easel.workers, 1);
  const waiting: Promise<Uint8Array<ArrayBuffer>>[] = [];
  const ask = (index: number): void => {
    const band = bands[index];
    if (band) waiting.push(easel.patiently((networks) => networks.paintRows(key, plan, place, ...band, FINE)));
  };
  for (let index = 0; index < ahead; index++) ask(index);
  for (let index = 0; index < bands.length; index++) {
    const rows = await waiting.shift();
    ask(index + ahead);
    if (rows) await writer.write(rows);
    progress((index + 1) / bands.length);
  }
  await writer.close();
  await packed;
  return new Blob([...parts, chunk("IEND", new Uint8Array())], { type: "image/png" });
}
