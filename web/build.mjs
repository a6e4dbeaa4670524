// Builds dist/: first the pages' bundle with its manifest, then dist/widgets/NAME.js and NAME.css for each
// demo, self-contained, because a notebook loads a widget's module from text and cannot follow imports.
import { readdirSync } from "node:fs";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { build } from "vite";

await build();

for (const name of readdirSync("src/demos")) {
  await build({
    configFile: false,
    logLevel: "warn",
    plugins: [svelte()],
    base: "./",
    resolve: { alias: [{ find: /^\.\/spawn$/, replacement: "./spawn.inline" }] },
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
