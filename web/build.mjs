// Builds dist/: first the pages' bundle with its manifest, then dist/widgets/NAME.js and NAME.css for each
// demo, self-contained, because a notebook loads a widget's module from text and cannot follow imports;
// last dist/python/, which pages without a server check proofs with.
import { appendFileSync, copyFileSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { build } from "vite";

await build();

for (const name of readdirSync("src/demos")) {
  await build({
    configFile: false,
    logLevel: "warn",
    plugins: [svelte()],
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
}

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
