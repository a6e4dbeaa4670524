/**
 * Runs something again and again, once per frame, one at a time: what is still at work is waited for, never
 * piled up. It rests while the figure is out of sight and ends when the work says that there is no more.
 */
export class Runner {
  running = $state(false);
  /** There is nothing more to run until `unblock`. */
  blocked = $state(false);
  readonly #work: () => Promise<boolean>;
  readonly #failed: (error: unknown) => void;
  #frame = 0;
  #busy: Promise<void> | undefined;
  #visible = true;
  #observer: IntersectionObserver | undefined;

  /** `work` is one round; it answers whether another may follow. */
  constructor(work: () => Promise<boolean>, failed: (error: unknown) => void) {
    this.#work = work;
    this.#failed = failed;
  }

  /** From now on it rests while this element cannot be seen. */
  watch(element: Element): void {
    this.#observer?.disconnect();
    this.#observer = new IntersectionObserver((entries) => {
      // Out and in again may come as one report: the last word counts.
      this.#visible = entries.at(-1)?.isIntersecting ?? true;
      if (this.#visible && this.running) this.#next();
    });
    this.#observer.observe(element);
  }

  toggle(): void {
    if (this.running) this.pause();
    else this.play();
  }

  play(): void {
    if (this.running || this.blocked) return;
    this.running = true;
    this.#next();
  }

  pause(): void {
    this.running = false;
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
  }

  /** One round, after the one at work. */
  async once(): Promise<void> {
    await this.#busy;
    if (!this.blocked) await this.#round();
  }

  /** Stops, and resolves when nothing is at work any more. */
  async rest(): Promise<void> {
    this.pause();
    await this.#busy;
  }

  unblock(): void {
    this.blocked = false;
  }

  destroy(): void {
    this.pause();
    this.#observer?.disconnect();
  }

  #next(): void {
    if (!this.running || !this.#visible || this.#frame !== 0) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      // A single step may still be at work: it goes on after that.
      void (this.#busy ?? this.#round()).then(() => {
        this.#next();
      });
    });
  }

  async #round(): Promise<void> {
    const round = this.#work()
      .then((more) => {
        if (!more) {
          this.pause();
          this.blocked = true;
        }
      })
      .catch((error: unknown) => {
        this.pause();
        this.#failed(error);
      });
    this.#busy = round;
    await round;
    this.#busy = undefined;
  }
}
