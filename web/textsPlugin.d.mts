import type { Plugin } from "vite";

export const languages: readonly string[];
export const textsOf: (language: string) => object;
export const texts: (options?: { inside?: readonly string[] }) => Plugin;
