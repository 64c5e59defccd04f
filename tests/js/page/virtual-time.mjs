/** A clock and timers that move only on command, and run what falls due on the way. */
export class VirtualTime {
  now = 0;
  #queue = [];
  #count = 0;

  clock = () => this.now;

  timers = {
    setTimeout: (run, ms) => {
      const id = ++this.#count;
      this.#queue.push({ id, run, at: this.now + ms });
      return id;
    },
    clearTimeout: (id) => {
      this.#queue = this.#queue.filter((timer) => timer.id !== id);
    },
  };

  /** Lets `ms` pass, with every promise resolved after each timer. */
  async pass(ms) {
    const end = this.now + ms;
    await runPromises();
    for (let next = this.#next(end); next; next = this.#next(end)) {
      this.now = next.at;
      this.timers.clearTimeout(next.id);
      next.run();
      await runPromises();
    }
    this.now = end;
  }

  get waiting() {
    return this.#queue.length;
  }

  #next(end) {
    return this.#queue
      .filter((timer) => timer.at <= end)
      .sort((a, b) => a.at - b.at || a.id - b.id)[0];
  }
}

const runPromises = () => new Promise((done) => setImmediate(done));
