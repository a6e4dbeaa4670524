// The module "virtual:texts": the texts of src/messages/LANG.json, part by part. In the pages' build each part of a
// language is a file that is fetched when it is wanted; where all has to be in one, it is in the module.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("src/messages/", import.meta.url));
const ID = "\0virtual:texts";

/** The languages that there are texts in. */
export const languages = readdirSync(folder)
  .filter((name) => name.endsWith(".json"))
  .map((name) => name.slice(0, -".json".length));

/** All texts of a language. */
export const textsOf = (language) => JSON.parse(readFileSync(`${folder}${language}.json`, "utf8"));

/** With `inside`, a list of languages, these are in the module, and there are no others. */
export function texts({ inside } = {}) {
  let within = inside;
  return {
    name: "texts",
    configResolved({ command }) {
      if (command === "serve") within ??= languages;
    },
    resolveId: (id) => (id === "virtual:texts" ? ID : null),
    load(id) {
      if (id !== ID) return null;
      const lines = (within ?? languages).map((language) => {
        const parts = Object.entries(textsOf(language)).map(([part, content]) => {
          const source = JSON.stringify(content);
          if (within) return `${part}: () => (${source})`;
          const file = this.emitFile({ type: "asset", name: `${part}.${language}.json`, originalFileName: `src/messages/${language}.json#${part}`, source });
          return `${part}: () => fetched(import.meta.ROLLUP_FILE_URL_${file})`;
        });
        return `${language}: { ${parts.join(",\n")} }`;
      });
      return `
        const fetched = async (url) => {
          const answer = await fetch(url);
          if (!answer.ok) throw new Error(url + ": " + answer.status);
          return answer.json();
        };
        const texts = { ${lines.join(",\n")} };
        export const has = (language) => Object.hasOwn(texts, language);
        export const partOf = async (language, part) => texts[language][part]();
      `;
    },
    // The development server has the page read them again.
    hotUpdate({ file }) {
      const module = /\/src\/messages\/[\w-]+\.json$/.test(file) && this.environment.moduleGraph.getModuleById(ID);
      return module ? [module] : undefined;
    },
  };
}
