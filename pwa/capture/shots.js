/**
 * From the shutter to durable, one photo at a time: encode, keep, report. Tapping again never waits,
 * and a photo that the phone refused to store stays here in memory until it can be kept.
 */
import { realClock } from "../queue/clock.js";
import { withLimit } from "../queue/limit.js";
import { PixelsChanged } from "./canvas.js";
import { TooLong, Undecodable, encodeFile, encodeFrame } from "./encode.js";

/** @import { Clock } from "../queue/clock.js" */
/** @import { ImageSettings } from "./encode.js" */
/** @import { Capture } from "../queue/record.js" */
/** @typedef {Pick<Capture, "photoId"|"owner"|"consultationId"|"consultationLabel"|"capturedAt"|"deviceCapturedAt"|"clockUnchecked"|"retakeOf">} Frozen decided at the shutter, never again */
/** @typedef {{add: (capture: Capture) => Promise<unknown>, replaceAfterRetake: (newId: string, oldId: string) => Promise<unknown>}} Keeper */

/** A photo that takes longer no longer holds up the next one; it goes on beside it. */
const IN_FRONT = 2000; // ms
const KEPT = 20_000; // ms for the storage to answer; what it keeps later is recognised by its id
const BACKLOG = 12; // frames of 11 MB that wait for the encoder; iOS gives all canvases about 384 MB

/**
 * @typedef {object} Reports
 * @property {(frozen: Frozen) => void} saved the photo is durable
 * @property {(kept: number) => void} refused the phone stores nothing; `kept` photos are in memory
 * @property {(fileName: string|null) => void} failed no picture came out; a name where a file cannot be opened
 * @property {(picture: TooLong) => void} [tooLong] nothing to see would be left of a file
 * @property {() => void} [changed] the browser does not give pixels back as they were
 * @property {(count: number) => void} [pending] how many photos are on their way to the storage
 */

export class Shots {
  #keeper;
  #settings;
  #reports;
  #encode;
  #clock;
  #line = Promise.resolve();
  /** @type {Set<Promise<void>>} */
  #underWay = new Set();
  #waiting = 0;
  /** @type {Capture[]} */
  #unsaved = [];

  /**
   * @param {Keeper} keeper
   * @param {() => ImageSettings} settings
   * @param {Reports} reports
   * @param {typeof encodeSource} [encode]
   * @param {Clock} [clock]
   */
  constructor(keeper, settings, reports, encode = encodeSource, clock = realClock) {
    this.#clock = clock;
    this.#keeper = keeper;
    this.#settings = settings;
    this.#reports = reports;
    this.#encode = encode;
  }

  /** Whether one more frame would crowd the memory. */
  get full() {
    return this.#waiting >= BACKLOG;
  }

  /** How many photos exist in this page only. */
  get unsaved() {
    return this.#unsaved.length + this.#waiting;
  }

  /** @param {HTMLCanvasElement|File} source @param {Frozen} frozen */
  add(source, frozen) {
    this.#count(1);
    const turn = this.#line;
    const done = turn
      .then(() => this.#develop(source, frozen))
      .finally(() => {
        this.#underWay.delete(done);
        this.#count(-1);
      });
    this.#underWay.add(done);
    // The next one begins after this one, unless that is stuck.
    this.#line = turn.then(() => withLimit(done, IN_FRONT, "photo", this.#clock).catch(() => {}));
    return done;
  }

  /** Every photo that was taken so far is kept, or was said not to be. */
  async settled() {
    await Promise.allSettled(this.#underWay);
  }

  /** @param {1|-1} more */
  #count(more) {
    this.#waiting += more;
    this.#reports.pending?.(this.#waiting);
  }

  /** Tries again to keep what was refused. Whether all of it is durable now. */
  async retry() {
    const captures = this.#unsaved.splice(0);
    for (const capture of captures) await this.#keep(capture);
    return !this.#unsaved.length;
  }

  /** @param {HTMLCanvasElement|File} source @param {Frozen} frozen */
  async #develop(source, frozen) {
    try {
      const encoded = await this.#encode(source, this.#settings());
      await this.#keep({ ...frozen, ...encoded });
    } catch (error) {
      if (error instanceof TooLong) return this.#reports.tooLong?.(error);
      if (error instanceof PixelsChanged) return this.#reports.changed?.();
      this.#reports.failed(error instanceof Undecodable ? error.message : null);
    }
  }

  /** @param {Capture} capture */
  async #keep(capture) {
    try {
      await withLimit(this.#keeper.add(capture), KEPT, "storage", this.#clock);
    } catch {
      this.#unsaved.push(capture);
      return this.#reports.refused(this.#unsaved.length);
    }
    if (capture.retakeOf) await this.#replace(capture.photoId, capture.retakeOf);
    this.#reports.saved(capture);
  }

  /** @param {string} newId @param {string} oldId where it fails both photos stay, for the person to judge */
  async #replace(newId, oldId) {
    await this.#keeper.replaceAfterRetake(newId, oldId).catch(() => {});
  }
}

/** @param {HTMLCanvasElement|File} source @param {ImageSettings} settings */
function encodeSource(source, settings) {
  return source instanceof File ? encodeFile(source, settings) : encodeFrame(source, settings);
}

/**
 * Whether the phone has room for three more photos; a browser that does not tell, or says zero for
 * everything, is trusted, since a refused write is caught as well.
 * @param {{quota?: number, usage?: number}} estimate bytes
 * @param {number} longestEdge pixels; a photo weighs at most a byte for each pixel of its square
 */
export function hasRoom({ quota, usage = 0 }, longestEdge) {
  return !quota || quota - usage >= 3 * longestEdge ** 2;
}
