import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig, type Plugin } from "vite";
import { texts } from "./textsPlugin.mjs";

const python = `http://127.0.0.1:${process.env.NONLIN_PORT ?? "8765"}`;
const demos = readdirSync("src/demos").map((name) => `src/demos/${name}/index.ts`);

const root = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const FIRST = root("src/demos/explorer/");
type Imports = (id: string) => readonly string[];

/** A module and all that it imports at once. */
function closure(id: string, imports: Imports, found = new Set<string>()): Set<string> {
  if (found.has(id)) return found;
  found.add(id);
  for (const other of imports(id)) closure(other, imports, found);
  return found;
}

let parts: { base: Set<string>; figures: Set<string> } | undefined;

/**
 * The chunk that a module goes into. A few large ones are smaller, compressed, than many small ones: what a page and
 * its first figure need but for that figure itself is one; of all other figures and what only they need the components
 * are another and the rest a third, as gzip sees no further than 32 kB back and like goes best with like. What is
 * imported when a reader first asks for it stays apart, and so does the studio, which has a page of its own.
 */
function part(id: string, imports: Imports): string | null {
  parts ??= {
    // Saving a picture of the first figure should not bring all others along.
    base: ["src/lib/download.ts", "src/page.ts"].reduce((found, each) => closure(root(each), imports, found), closure(`${FIRST}index.ts`, imports)),
    figures: demos.filter((demo) => !demo.includes("/art/")).reduce((found, demo) => closure(root(demo), imports, found), new Set<string>()),
  };
  if (id.startsWith(FIRST)) return null;
  if (parts.base.has(id)) return "base";
  if (!parts.figures.has(id)) return null;
  return id.endsWith(".svelte") ? "figures" : "workings";
}

/** Rewrites modules whose name matches, and says so where there is nothing left to rewrite. */
const rewritten = (name: string, id: RegExp, rewrite: (code: string) => string | undefined): Plugin => ({
  name,
  transform: {
    order: "post",
    filter: { id },
    handler(code) {
      const fixed = rewrite(code);
      if (fixed === undefined) throw new Error(`not as it was: see ${name} in vite.config.ts`);
      return { code: fixed, map: null };
    },
  },
});

/** No page is drawn before it comes here, so nothing is ever hydrated: Svelte's code for it may go, and so may its calls that do nothing else. */
const unhydrated = [
  rewritten("unhydrated", /svelte\/src\/internal\/client\/dom\/hydration\.js$/, (code) => {
    const fixed = code.replace("export let hydrating = false", "export const hydrating = false").replace(/^\thydrating = value;$/m, "");
    return /\blet hydrating|\bhydrating = (?!false)/.test(fixed) ? undefined : fixed;
  }),
  rewritten("unhydrated calls", /\.svelte$/, (code) => code.replace(/^\s*\$\.(reset|next)\([\w$, ]*\);$/gm, "")),
];

/** A page links all styles that its figures may come to need, so fetching a part is an import and nothing else. */
const unloaded: Plugin[] = [
  rewritten("unloaded", /vite\/preload-helper/, (code) =>
    code.includes("__vitePreload") ? "export const __vitePreload = (load) => load();" : undefined,
  ),
  { name: "unloaded calls", renderChunk: (code) => code.replaceAll(", __VITE_PRELOAD__, import.meta.url)", ")") },
];

// The pages' build. `build.mjs` runs it, then bundles each demo once more on its own for notebooks.
export default defineConfig({
  base: "./",
  plugins: [svelte(), texts(), ...unhydrated, ...unloaded],
  // `npm run dev` serves dev/index.html; its data and formulas come from a nonlin running on this port.
  server: {
    proxy: {
      "/dev/data": { target: python, rewrite: (path) => path.replace("/dev", "") },
      "/dev/api": { target: python, rewrite: (path) => path.replace("/dev", "") },
    },
  },
  build: {
    target: "es2022",
    manifest: true,
    // Licence comments of bundled packages are collected in dist/licenses.md.
    license: { fileName: "licenses.md" },
    modulePreload: false,
    // Inline data: fonts would be refused by the pages' content security policy.
    assetsInlineLimit: 0,
    rollupOptions: {
      // The engine is a chunk of its own: demos share it, and a page of someone's own can import it.
      input: ["src/page.ts", "src/lib/engine.ts", ...demos],
      // Every demo keeps its default export: it is an anywidget module as well as a page's chunk.
      preserveEntrySignatures: "allow-extension",
      output: {
        codeSplitting: {
          includeDependenciesRecursively: false,
          groups: ["figures", "workings", "base"].map((name, priority) => ({
            debugName: name,
            priority,
            name: (id, context) =>
              part(id, (of) => context.getModuleInfo(of)?.importedIds ?? []) === name ? name : null,
          })),
        },
      },
    },
  },
});
