/** Eight digits that differ when any bit of the parameters does: FNV-1a over their bytes. */
export function fingerprint(parameters: Float32Array): string {
  let hash = 0x811c9dc5;
  for (const byte of new Uint8Array(parameters.buffer, parameters.byteOffset, parameters.byteLength))
    hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0).toString(16).padStart(8, "0");
}
