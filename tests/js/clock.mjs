/** Time that moves only when the test says so. */

const DAY = Date.UTC(2026, 10, 22, 10);

export class TestClock {
  time = 0;
  /** How far the phone's own clock was set wrong; the monotonic one never is. */
  skew = 0;
  /** @type {Set<{at: number, run: () => void}>} */
  #timers = new Set();

  now = () => this.time;
  wall = () => DAY + this.skew + this.time;
  after = (ms, run) => {
    const timer = { at: this.time + ms, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  };

  get next() {
    return Math.min(...[...this.#timers].map((timer) => timer.at));
  }

  get waiting() {
    return this.#timers.size;
  }

  /** At once: what falls due on the way sees the time of the end. */
  advance(ms) {
    this.time += ms;
    for (const timer of [...this.#timers].sort((a, b) => a.at - b.at)) {
      if (timer.at <= this.time && this.#timers.delete(timer)) timer.run();
    }
  }

  /** Timer by timer, with every promise resolved after each. */
  async pass(ms) {
    const end = this.time + ms;
    await runPromises();
    while (this.next <= end) {
      this.advance(Math.max(0, this.next - this.time));
      await runPromises();
    }
    this.time = end;
  }
}

const runPromises = () => new Promise((done) => setImmediate(done));
