/**
 * The suite's lock with the browser's own behind it: what the tests do to a lock by hand, dying with
 * it and leaving it to a dead holder, is done to a real one.
 */

let origins = 0;

export class TestLocks {
  #name = `origin-${(origins += 1)}`;
  #held = null;

  get held() {
    return this.#held;
  }

  /** A holder that never releases it. @param {any} lock */
  set held(lock) {
    this.#held = lock;
    const endless = () => new Promise(() => {});
    navigator.locks.request(this.#name, endless).catch(() => undefined);
  }

  /** @param {string} name @param {any[]} rest */
  request = (name, ...rest) => {
    const [options, callback] = rest.length === 2 ? rest : [{}, rest[0]];
    const lock = { name, dropped: false };
    const working = navigator.locks.request(this.#name, options, (granted) =>
      granted ? this.#hold(lock, () => callback({ name, mode: "exclusive" })) : callback(null),
    );
    return working.catch((error) => {
      // A holder that died with its lock gets no answer any more.
      if (lock.dropped) return new Promise(() => {});
      throw error;
    });
  };

  /** As when the browser ends the worker that holds it. */
  drop() {
    if (!this.#held) return;
    this.#held.dropped = true;
    this.#held = null;
    navigator.locks.request(this.#name, { steal: true }, () => undefined);
  }

  /** @param {any} lock @param {() => unknown} work */
  async #hold(lock, work) {
    this.#held = lock;
    try {
      return await work();
    } finally {
      if (this.#held === lock) this.#held = null;
    }
  }
}
