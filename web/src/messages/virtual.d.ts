/** Made of the files of texts by ../../textsPlugin.mjs. */
declare module "virtual:texts" {
  /** Whether there are texts in a language. */
  export const has: (language: string) => boolean;
  export const partOf: (language: string, part: string) => Promise<object>;
}
