import type { Model } from "../../lib/model";
import type { Remote } from "../../lib/net/calls";
import { connect, type Connection } from "../../lib/net/connect";
import type { Networks } from "../../lib/net/networks";
import type { Place } from "../../lib/net/painter";
import { keyOf, type Paints } from "./data";
import type { Traits } from "./traits";

type Work = (networks: Remote<Networks>) => Promise<void>;
export type Pixels = Uint8ClampedArray<ArrayBuffer>;

/** Where a picture is drawn while it becomes finer. */
export interface Sheet {
  readonly width: number;
  readonly height: number;
  /** A whole picture of fewer pixels, to stand in until the others come. */
  coarse(pixels: Pixels, width: number, height: number): void;
  /** Rows of the picture as it is to be. */
  band(pixels: Pixels, top: number): void;
  /** All of it is there. */
  done(ms: number): void;
}

interface Wish {
  traits: Traits;
  sheet: Sheet;
  /** Another will follow at once: nothing finer than can be had in a frame is wanted. */
  moving: boolean;
}

const MOST_WORKERS = 4;
/** Milliseconds that a first view may take, and a frame of what moves by itself. */
const FIRST = 9;
const MOVING = 22;
const LEAST = 4096;
const BAND = 1 << 14;

/**
 * Paints with several engines, each in a worker. What is asked for last is painted first: coarse at once, then in
 * bands; whatever else there is to paint waits.
 */
export class Easel {
  readonly #paints: Paints;
  readonly #failed: (error: unknown) => void;
  #connections: Connection[] = [];
  #closed = false;
  /** Each engine stands here twice, so that its next work is there before the last has been handed over. */
  readonly #free: Remote<Networks>[] = [];
  #urgent: Work[] = [];
  readonly #patient: Work[] = [];
  #wish: Wish | undefined;
  #busy = false;
  /** Pixels that all engines together paint in a millisecond, for networks of so many weights. */
  #pace = 1200;

  private constructor(paints: Paints, failed: (error: unknown) => void) {
    this.#paints = paints;
    this.#failed = failed;
  }

  /** It begins with one engine; the others join when they are ready. */
  static async open(model: Model, paints: Paints, failed: (error: unknown) => void): Promise<Easel> {
    const easel = new Easel(paints, failed);
    easel.#join(await connect(model));
    const count = Math.min(Math.max(navigator.hardwareConcurrency || 2, 1), MOST_WORKERS);
    for (let more = 1; more < count; more++) {
      connect(model).then((connection) => {
        easel.#join(connection);
      }, failed);
    }
    return easel;
  }

  close(): void {
    this.#closed = true;
    for (const connection of this.#connections) connection.close();
  }

  get workers(): number {
    return this.#connections.length;
  }

  /** Something for one engine to do when it has time. */
  patiently<T>(work: (networks: Remote<Networks>) => Promise<T>): Promise<T> {
    return this.#queued(this.#patient, work);
  }

  /** The same before all else. */
  soon<T>(work: (networks: Remote<Networks>) => Promise<T>): Promise<T> {
    return this.#queued(this.#urgent, work, true);
  }

  /** Shows a picture; one asked for before, and not yet finished, is given up. */
  show(wish: Wish): void {
    this.#wish = wish;
    if (this.#busy) return;
    this.#busy = true;
    void this.#paintAll().catch(this.#failed).finally(() => {
      this.#busy = false;
    });
  }

  async #paintAll(): Promise<void> {
    while (this.#wish && !this.#closed) {
      const wish = this.#wish;
      this.#wish = undefined;
      const start = performance.now();
      const whole = await this.#first(wish);
      if (!whole && !wish.moving && !(await this.#bands(wish))) continue;
      // Of what moves each picture is finished; of what is dragged, the last one.
      if (wish.moving || !this.#wish) wish.sheet.done(performance.now() - start);
    }
  }

  /** As many pixels as there is time for; whether that was all of them. */
  async #first({ traits, sheet, moving }: Wish): Promise<boolean> {
    const all = sheet.width * sheet.height;
    const few = Math.max(LEAST, this.#pace * (moving ? MOVING : FIRST));
    const scale = Math.min(Math.sqrt(few / all), 1);
    const [width, height] = [sheet.width, sheet.height].map((side) => Math.max(1, Math.round(side * scale))) as [
      number,
      number,
    ];
    const rows = Math.ceil(height / Math.max(this.workers, 1));
    const picture = new Uint8ClampedArray(4 * width * height);
    const start = performance.now();
    await Promise.all(
      pieces(height, rows).map(async ([top, count]) => {
        picture.set(await this.#piece(traits, { width, height, latent: pair(traits) }, top, count), 4 * top * width);
      }),
    );
    this.#learn(width * height, performance.now() - start);
    if (scale === 1) sheet.band(picture, 0);
    else sheet.coarse(picture, width, height);
    return scale === 1;
  }

  /** All pixels; false when something newer was asked for meanwhile. */
  async #bands({ traits, sheet }: Wish): Promise<boolean> {
    const { width, height } = sheet;
    const place = { width, height, latent: pair(traits) };
    const rows = Math.max(1, Math.floor(BAND / width));
    await Promise.all(
      pieces(height, rows).map(async ([top, count]) => {
        const pixels = await this.#piece(traits, place, top, count, () => this.#wish !== undefined);
        if (pixels.length > 0 && !this.#wish) sheet.band(pixels, top);
      }),
    );
    return this.#wish === undefined;
  }

  #piece(traits: Traits, place: Place, top: number, count: number, given = (): boolean => false): Promise<Pixels> {
    const [key, plan] = [keyOf(traits), this.#paints.plan(traits)];
    return this.#queued(this.#urgent, (networks) =>
      given() || this.#closed
        ? Promise.resolve(new Uint8ClampedArray(0))
        : networks.paint(key, plan, place, top * place.width, count * place.width),
    );
  }

  #learn(pixels: number, ms: number): void {
    const pace = pixels / Math.max(ms, 0.5);
    this.#pace = 0.7 * this.#pace + 0.3 * pace;
  }

  #queued<T>(queue: Work[], work: (networks: Remote<Networks>) => Promise<T>, first = false): Promise<T> {
    return new Promise((resolve, reject) => {
      const one: Work = (networks) => work(networks).then(resolve, reject);
      if (first) queue.unshift(one);
      else queue.push(one);
      this.#pump();
    });
  }

  #join(connection: Connection): void {
    if (this.#closed) {
      connection.close();
      return;
    }
    this.#connections.push(connection);
    this.#free.push(connection.networks);
    this.#free.unshift(connection.networks);
    this.#pump();
  }

  #pump(): void {
    for (;;) {
      const [networks] = this.#free;
      const work = networks && (this.#urgent.shift() ?? this.#patient.shift());
      if (!work) return;
      this.#free.shift();
      void work(networks).finally(() => {
        this.#free.push(networks);
        this.#pump();
      });
    }
  }
}

const pair = ({ latent: [first = 0, second = 0] }: Traits): readonly [number, number] => [first, second];

/** Rows in pieces: the first one's number, and how many. */
export function pieces(height: number, rows: number): [number, number][] {
  const count = Math.ceil(height / rows);
  return Array.from({ length: count }, (_, index) => [index * rows, Math.min(rows, height - index * rows)]);
}
