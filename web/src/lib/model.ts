import type { Takes } from "./state.svelte";

/** The part of anywidget's front-end model that a demo uses. In a notebook it is the widget; on a page, hashModel.ts. */
export interface Model {
  get(name: string): unknown;
  set(name: string, value: unknown): void;
  save_changes(): void;
  on(event: string, callback: (...args: unknown[]) => void): void;
  off(event: string, callback?: (...args: unknown[]) => void): void;
  /** Sends a message to Python; there is no such thing on a page. */
  send?(content: unknown): void;
}

export interface RenderProps {
  model: Model;
  el: HTMLElement;
}

export interface Demo {
  /** What its traits take, as far as that needs neither the catalogue nor the engine. */
  takes: Record<string, Takes>;
  /** Every trait with its default: what a page's address may hold. */
  traits: Record<string, unknown>;
  render(props: RenderProps): () => void;
}
