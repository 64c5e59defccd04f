/**
 * From the shutter to durable, one photo at a time: encode, keep, report. Tapping again never waits,
 * and a photo that the phone refused to store stays here in memory until it can be kept.
 */
import { Undecodable, encodeFile, encodeFrame } from "./encode.js";

/** @import { ImageSettings } from "./encode.js" */
/** @import { Capture } from "../queue/record.js" */
/** @typedef {Pick<Capture, "photoId"|"owner"|"consultationId"|"consultationLabel"|"capturedAt"|"retakeOf">} Frozen decided at the shutter, never again */
/** @typedef {{add: (capture: Capture) => Promise<unknown>, replaceAfterRetake: (newId: string, oldId: string) => Promise<unknown>}} Keeper */

const BACKLOG = 12; // frames of 11 MB that wait for the encoder; iOS gives all canvases about 384 MB

/**
 * @typedef {object} Reports
 * @property {(frozen: Frozen) => void} saved the photo is durable
 * @property {(kept: number) => void} refused the phone stores nothing; `kept` photos are in memory
 * @property {(fileName: string|null) => void} failed no picture came out; a name where a file cannot be opened
 */

export class Shots {
  #keeper;
  #settings;
  #reports;
  #encode;
  #line = Promise.resolve();
  #waiting = 0;
  /** @type {Capture[]} */
  #unsaved = [];

  /**
   * @param {Keeper} keeper
   * @param {() => ImageSettings} settings
   * @param {Reports} reports
   * @param {typeof encodeSource} [encode]
   */
  constructor(keeper, settings, reports, encode = encodeSource) {
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
    this.#waiting++;
    this.#line = this.#line
      .then(() => this.#develop(source, frozen))
      .finally(() => this.#waiting--);
    return this.#line;
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
      this.#reports.failed(error instanceof Undecodable ? error.message : null);
    }
  }

  /** @param {Capture} capture */
  async #keep(capture) {
    try {
      await this.#keeper.add(capture);
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
 * Whether the phone has room for three more photos; a browser that does not tell is trusted, since
 * a refused write is caught as well.
 * @param {{quota?: number, usage?: number}} estimate bytes
 * @param {number} longestEdge pixels; a photo weighs at most a byte for each pixel of its square
 */
export function hasRoom({ quota, usage = 0 }, longestEdge) {
  return quota === undefined || quota - usage >= 3 * longestEdge ** 2;
}
