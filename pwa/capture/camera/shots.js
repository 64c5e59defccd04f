/**
 * From the shutter to durable, one photo at a time: encode, keep, report. Tapping again never waits,
 * and a photo that the phone refused to store stays here in memory until it can be kept.
 */
import { realClock, withLimit } from "../../shared/clock.js";
import { PixelsChanged } from "./canvas.js";
import { TooLong, Undecodable, encodeFile, encodeFrame } from "./encode.js";

/** @import { Clock } from "../../shared/clock.js" */
/** @import { ImageSettings } from "./encode.js" */
/** @import { Capture } from "../../queue/photo-record.js" */
/** @typedef {Omit<Capture, "contentType"|"bytes"|"width"|"height"|"quality">} Frozen decided at the shutter; only the clinician's own answer changes it */
/**
 * @typedef {object} PhotoSink
 * @property {(capture: Capture) => Promise<unknown>} add
 * @property {(newId: string, oldId: string) => Promise<unknown>} replaceAfterRetake "gone" where the old one had left
 * @property {(capture: Capture) => Promise<Duplicate|null>} findDuplicate
 */
/** @typedef {"here"|"stored"} Duplicate the same picture is on this phone, or was stored today */
/** @typedef {"gone"|"busy"} Left what became of a retake's original meanwhile */

/** A photo that takes longer no longer delays the next one; it goes on beside it. */
const IN_FRONT = 2000; // ms
const STORING = 20_000; // ms for the storage to answer; what it keeps later is recognised by its id
const BACKLOG = 12; // frames of 11 MB that wait for the encoder; iOS gives all canvases about 384 MB

/**
 * @typedef {object} Reports
 * @property {(frozen: Frozen) => void} saved the photo is durable
 * @property {(kept: number) => void} refused the phone stores nothing; `kept` photos are in memory
 * @property {(picture: TooLong) => void} [tooLong] nothing to see would be left of a file
 * @property {(fileName: string|null, unreadable: boolean) => void} failed no picture came out
 * @property {() => void} [changed] the browser does not give pixels back as they were
 * @property {(count: number) => void} [pending] how many photos are on their way to the storage
 * @property {(fileName: string, twin: Duplicate) => void} duplicate a chosen photo that was chosen before
 * @property {(oldId: string, why: Left) => void} original a retake could not take the place of its photo
 */

export class Shots {
  #sink;
  #settings;
  #reports;
  #encode;
  #clock;
  #line = Promise.resolve();
  /** @type {Set<Promise<boolean>>} */
  #underWay = new Set();
  #waiting = 0;
  /** @type {Capture[]} */
  #unsaved = [];

  /**
   * @param {PhotoSink} sink
   * @param {() => ImageSettings} settings
   * @param {Reports} reports
   * @param {typeof encodeSource} [encode]
   * @param {Clock} [clock]
   */
  constructor(sink, settings, reports, encode = encodeSource, clock = realClock) {
    this.#clock = clock;
    this.#sink = sink;
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

  /**
   * @param {HTMLCanvasElement|File} source @param {Frozen} frozen @param {string|null} [fileName]
   * @returns {Promise<boolean>} whether it is kept
   */
  add(source, frozen, fileName = null) {
    this.#count(1);
    const turn = this.#line;
    const done = turn
      .then(() => this.#encodeAndStore(source, frozen, fileName))
      .finally(() => {
        this.#underWay.delete(done);
        this.#count(-1);
      });
    this.#underWay.add(done);
    // The next one begins after this one, unless that is stuck.
    this.#line = turn.then(() =>
      withLimit(done, IN_FRONT, "photo", this.#clock).then(
        () => {},
        () => {},
      ),
    );
    return done;
  }

  /** Resolves once every photo that was taken so far is stored, or reported as not stored. */
  async allPhotosSaved() {
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
    for (const capture of captures) await this.#store(capture);
    return !this.#unsaved.length;
  }

  /** @param {HTMLCanvasElement|File} source @param {Frozen} frozen @param {string|null} fileName @returns {Promise<boolean>} whether it is kept */
  async #encodeAndStore(source, frozen, fileName) {
    try {
      const encoded = await this.#encode(source, this.#settings());
      const capture = { ...frozen, ...encoded };
      if (fileName !== null && (await this.#isDuplicate(capture, fileName))) return true;
      return await this.#store(capture);
    } catch (error) {
      this.#reportFailure(error, fileName);
      return false;
    }
  }

  /** @param {unknown} error @param {string|null} fileName */
  #reportFailure(error, fileName) {
    if (error instanceof TooLong) return this.#reports.tooLong?.(error);
    if (error instanceof PixelsChanged) return this.#reports.changed?.();
    const unreadable = error instanceof Undecodable;
    this.#reports.failed(unreadable ? error.message : fileName, unreadable);
  }

  /** Only what is on this phone for certain is left out. @param {Capture} capture @param {string} fileName */
  async #isDuplicate(capture, fileName) {
    const twin = await this.#sink.findDuplicate(capture).catch(() => null);
    if (twin) this.#reports.duplicate(fileName, twin);
    return twin === "here";
  }

  /** @param {Capture} capture */
  async #store(capture) {
    try {
      await withLimit(this.#sink.add(capture), STORING, "storage", this.#clock);
    } catch {
      this.#unsaved.push(capture);
      this.#reports.refused(this.#unsaved.length);
      return false;
    }
    if (capture.retakeOf) await this.#replace(capture.photoId, capture.retakeOf);
    this.#reports.saved(capture);
    return true;
  }

  /** @param {string} newId @param {string} oldId where it fails both photos stay, for the clinician to decide */
  async #replace(newId, oldId) {
    const outcome = await this.#sink.replaceAfterRetake(newId, oldId).catch(() => "busy");
    if (outcome === "gone" || outcome === "busy") this.#reports.original(oldId, outcome);
  }
}

/** @param {HTMLCanvasElement|File} source @param {ImageSettings} settings */
function encodeSource(source, settings) {
  return source instanceof File ? encodeFile(source, settings) : encodeFrame(source, settings);
}

/**
 * Whether three more photos fit on the phone; a browser that gives no estimate, or zero for
 * everything, is trusted, since a refused write is caught as well.
 * @param {{quota?: number, usage?: number}} estimate bytes
 * @param {number} longestEdge pixels; a photo weighs at most a byte for each pixel of its square
 */
export function hasSpace({ quota, usage = 0 }, longestEdge) {
  return !quota || quota - usage >= 3 * longestEdge ** 2;
}
