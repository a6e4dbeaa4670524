import { readdirSync } from "node:fs";
import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vite";

const python = `http://127.0.0.1:${process.env.NONLIN_PORT ?? "8765"}`;
const demos = readdirSync("src/demos").map((name) => `src/demos/${name}/index.ts`);

// The pages' build. `build.mjs` runs it, then bundles each demo once more on its own for notebooks.
export default defineConfig({
  base: "./",
  plugins: [svelte()],
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
    modulePreload: { polyfill: false },
    // Inline data: fonts would be refused by the pages' content security policy.
    assetsInlineLimit: 0,
    rollupOptions: {
      // The engine is a chunk of its own: demos share it, and a page of someone's own can import it.
      input: ["src/page.ts", "src/lib/engine.ts", ...demos],
      // Every demo keeps its default export: it is an anywidget module as well as a page's chunk.
      preserveEntrySignatures: "strict",
    },
  },
});
