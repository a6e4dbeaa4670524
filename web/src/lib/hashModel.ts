import type { Model } from "./model";

/**
 * A model whose changed traits live in the page's address, so that every state is a link:
 * `#functions=relu,gelu&z=1.2&params=elu.alpha:0.5`. The options written in the page are the defaults,
 * and only what differs from them is in the address. Keys of other demos (`SCOPE.trait`) are left as they are.
 *
 * `_ignored` lists the parts of the address that could not be read.
 */
type Traits = Record<string, unknown>;
type Callback = (...args: unknown[]) => void;

const isRecord = (value: unknown): value is Traits =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function write(value: unknown): string {
  if (Array.isArray(value)) return value.map((item) => encode(String(item))).join(",");
  if (isRecord(value)) {
    return Object.entries(value)
      .map(([key, item]) => `${encode(key)}:${encode(String(item))}`)
      .join(",");
  }
  if (typeof value === "boolean") return value ? "1" : "0";
  return encode(String(value));
}

const encode = (text: string): string =>
  encodeURIComponent(text).replaceAll("%20", "+").replaceAll("%2F", "/").replaceAll("%3D", "=");

const decode = (text: string): string => decodeURIComponent(text.replaceAll("+", " "));

function number(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || Number.isNaN(value)) throw new Error(`not a number: ${text}`);
  return value;
}

/** Reads `text` as the same kind of thing as `like`; throws when it is not one. */
function read(text: string, like: unknown): unknown {
  if (typeof like === "number") return number(decode(text));
  if (typeof like === "boolean") {
    if (text !== "0" && text !== "1") throw new Error(`neither 0 nor 1: ${text}`);
    return text === "1";
  }
  const items = text === "" ? [] : text.split(",").map(decode);
  if (Array.isArray(like)) return typeof like[0] === "number" || like.length === 0 ? items.map(lenient) : items;
  if (isRecord(like)) {
    return Object.fromEntries(
      items.map((item) => {
        const cut = item.lastIndexOf(":");
        if (cut < 1) throw new Error(`not name:number: ${item}`);
        return [item.slice(0, cut), number(item.slice(cut + 1))];
      }),
    );
  }
  return decode(text);
}

/** An empty default says nothing about its items: numbers are read as numbers, all else as text. */
function lenient(text: string): unknown {
  const value = Number(text);
  return text.trim() === "" || Number.isNaN(value) ? text : value;
}

export class HashModel implements Model {
  #defaults: Traits;
  #prefix: string;
  #state: Traits = {};
  #listeners = new Map<string, Set<Callback>>();
  #onHashChange = (): void => {
    this.#load(true);
  };

  constructor(defaults: Traits, scope = "") {
    this.#defaults = defaults;
    this.#prefix = scope === "" ? "" : `${scope}.`;
    this.#load(false);
    window.addEventListener("hashchange", this.#onHashChange);
  }

  get(name: string): unknown {
    return name in this.#state ? this.#state[name] : this.#defaults[name];
  }

  set(name: string, value: unknown): void {
    this.#state[name] = value;
  }

  on(event: string, callback: Callback): void {
    const known = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, known.add(callback));
  }

  off(event: string, callback?: Callback): void {
    if (callback) this.#listeners.get(event)?.delete(callback);
    else this.#listeners.delete(event);
  }

  save_changes(): void {
    const parts = this.#foreign();
    for (const name of Object.keys(this.#defaults)) {
      const value = write(this.get(name));
      if (value !== write(this.#defaults[name])) parts.push(`${this.#prefix}${name}=${value}`);
    }
    const hash = parts.length > 0 ? `#${parts.join("&")}` : "";
    if (hash === location.hash) return;
    history.replaceState(history.state, "", location.pathname + location.search + hash);
  }

  destroy(): void {
    window.removeEventListener("hashchange", this.#onHashChange);
    this.#listeners.clear();
  }

  #parts(): string[] {
    return location.hash.slice(1).split("&").filter((part) => part.includes("="));
  }

  #isOwn(part: string): boolean {
    const key = part.slice(0, part.indexOf("="));
    return this.#prefix === "" ? !key.includes(".") : key.startsWith(this.#prefix);
  }

  #foreign(): string[] {
    return this.#parts().filter((part) => !this.#isOwn(part));
  }

  #load(announce: boolean): void {
    // An anchor (#softmax) is a place on the page and says nothing about any demo.
    if (announce && location.hash !== "" && this.#parts().length === 0) return;
    const state: Traits = {};
    const ignored: string[] = [];
    for (const part of this.#parts().filter((each) => this.#isOwn(each))) {
      const cut = part.indexOf("=");
      const name = part.slice(this.#prefix.length, cut);
      try {
        if (!(name in this.#defaults)) throw new Error(`no such trait: ${name}`);
        state[name] = read(part.slice(cut + 1), this.#defaults[name]);
      } catch {
        ignored.push(part.length > 60 ? `${part.slice(0, 60)}…` : part);
      }
    }
    state._ignored = ignored;
    this.#state = state;
    if (announce) for (const callback of this.#listeners.get("change") ?? []) callback();
  }
}
