// Builds dist/: first the pages' bundle with its manifest, then dist/widgets/NAME.js and NAME.css for each
// demo, self-contained, because a notebook loads a widget's module from text and cannot follow imports.
// What a widget has as traits, whether it needs the network engine, and whether its networks take formulas for
// functions, is written into widgets/traits.json.
// dist/file/ has classic scripts, for a site that is opened as a file: page.js is all of a page and its demos.
// dist/python/ is what pages without a server check proofs with.
import { appendFileSync, copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { build, createServer } from "vite";
import { languages, texts } from "./textsPlugin.mjs";

// Where a module has to be all in one, the engine's worker is inside it, too.
const alone = {
  configFile: false,
  logLevel: "warn",
  base: "./",
  resolve: { alias: [{ find: /^\.\/spawn$/, replacement: "./spawn.inline" }] },
};
const CONNECTION = /\/src\/lib\/net\/connect\.ts$/;
const TAKES_FORMULAS = /\/src\/lib\/net\/formulas\.svelte\.ts$/;
const PAINTS = /\/src\/demos\/art\/data\.ts$/;

async function widget(name) {
  const { output } = await build({
    ...alone,
    plugins: [svelte(), texts({ inside: ["en"] })],
    build: {
      target: "es2022",
      outDir: "dist/widgets",
      emptyOutDir: false,
      modulePreload: { polyfill: false },
      rollupOptions: {
        input: `src/demos/${name}/index.ts`,
        preserveEntrySignatures: "strict",
        output: { entryFileNames: `${name}.js`, assetFileNames: `${name}[extname]`, codeSplitting: false },
      },
    },
  });
  const modules = output.flatMap((part) => (part.type === "chunk" ? Object.keys(part.modules) : []));
  const has = (module) => modules.some((id) => module.test(id));
  return { engine: has(CONNECTION), art: has(PAINTS), formulas: has(TAKES_FORMULAS) };
}

/** A classic script. Its styles are those of the pages' bundle, and their files stay there. */
function classic(name) {
  return build({
    ...alone,
    plugins: [
      svelte(),
      texts({ inside: languages }),
      {
        name: "script-only",
        enforce: "post",
        generateBundle(_, bundle) {
          const assets = Object.keys(bundle).filter((file) => bundle[file].type === "asset");
          for (const file of assets) Reflect.deleteProperty(bundle, file);
        },
      },
    ],
    build: {
      target: "es2022",
      outDir: "dist/file",
      emptyOutDir: false,
      // As a library: where all is in one, there is nothing to preload, and no address of a module to ask for.
      lib: { entry: `src/${name}.ts`, formats: ["iife"], name: "nonlin", fileName: () => `${name}.js` },
      rollupOptions: { output: { codeSplitting: false } },
    },
  });
}

await build();
for (const name of ["start", "page"]) await classic(name);

// What belongs to a lesson's page, and is no figure for a notebook.
const OF_LESSONS = ["exercise", "progress"];
const demos = readdirSync("src/demos").filter((name) => !OF_LESSONS.includes(name));
const about = {};
for (const name of demos) about[name] = await widget(name);

// A demo's defaults, and what it takes, stand in its source, and there alone: its module is loaded for them here, as on a server.
// Where such a module prepares something in the page meanwhile, it meets a thing that lets all be done to it.
const nothing = new Proxy(Object, {
  get: (_, name) => (name === Symbol.toPrimitive ? () => "" : nothing),
  apply: () => nothing,
  construct: () => nothing,
});
for (const name of ["document", "window", "location", "localStorage", "matchMedia"]) globalThis[name] ??= nothing;

const server = await createServer({
  configFile: false,
  logLevel: "error",
  plugins: [svelte(), texts()],
  appType: "custom",
  server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  optimizeDeps: { noDiscovery: true },
});
try {
  for (const name of demos) {
    const { default: demo } = await server.ssrLoadModule(`/src/demos/${name}/index.ts`);
    about[name].traits = demo.traits;
    about[name].takes = demo.takes;
  }
} finally {
  await server.close();
}
writeFileSync("dist/widgets/traits.json", `${JSON.stringify(about, null, 1)}\n`);

await build({
  configFile: false,
  logLevel: "warn",
  build: {
    target: "es2022",
    outDir: "dist/python",
    emptyOutDir: false,
    copyPublicDir: false,
    rollupOptions: {
      input: "src/lib/python/worker.ts",
      output: { entryFileNames: "worker.js", codeSplitting: false },
    },
  },
});

const pyodide = "node_modules/pyodide/";
for (const name of ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip"]) {
  // Not every host knows that .mjs is JavaScript.
  copyFileSync(pyodide + name, `dist/python/${name.replace(/\.mjs$/, ".js")}`);
}
// The versions that Pyodide wants to see, without its list of packages: none is ever loaded.
const { info } = JSON.parse(readFileSync(`${pyodide}pyodide-lock.json`, "utf8"));
writeFileSync("dist/python/pyodide-lock.json", JSON.stringify({ info, packages: {} }));

const { version } = JSON.parse(readFileSync(`${pyodide}package.json`, "utf8"));
appendFileSync(
  "dist/licenses.md",
  `
## Pyodide ${version} and CPython ${info.python}

In the folder python/ of a static copy. Pyodide: Mozilla Public License 2.0, source at
https://github.com/pyodide/pyodide. CPython and its standard library: Python Software Foundation License
Version 2, source at https://www.python.org/. nonlin.zip there holds mpmath with its licence (BSD-3-Clause).
`,
);
