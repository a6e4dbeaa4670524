/** @type {import("@sveltejs/vite-plugin-svelte").SvelteConfig} */
export default {
  compilerOptions: {
    runes: true,
    // The same styles, the same class, in every build; it stands at nearly every element.
    cssHash: ({ hash, css }) => `n-${hash(css).slice(-4)}`,
  },
};
