/** mulberry32: small, fast, the same everywhere, so that one seed is one history. */

export class Random {
  #a;

  /** @param {number} seed */
  constructor(seed) {
    this.#a = seed >>> 0;
  }

  /** From 0 up to but not including 1. */
  next = () => {
    this.#a = (this.#a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(this.#a ^ (this.#a >>> 15), this.#a | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };

  /** @param {number} p */
  chance(p) {
    return this.next() < p;
  }

  /** From 0 up to but not including n. @param {number} n */
  below(n) {
    return Math.floor(this.next() * n);
  }

  /** @template T @param {T[]} list @returns {T} undefined for an empty list */
  pick(list) {
    return list[this.below(list.length)];
  }

  /** @template {string} K @param {[K, number][]} weights @returns {K} */
  weighted(weights) {
    const total = weights.reduce((sum, [, weight]) => sum + weight, 0);
    let left = this.next() * total;
    for (const [name, weight] of weights) if ((left -= weight) < 0) return name;
    return weights[0][0];
  }
}
