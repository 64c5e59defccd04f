/**
 * Watches whether a video shows new pictures. A track can be live while no frame arrives, and what the
 * viewfinder then shows is the past: three photos of it would all be the first one.
 */
import { realClock } from "../../shared/clock.js";
import { canvasOf } from "./canvas.js";

/** @import { Clock } from "../../shared/clock.js" */
/** @typedef {"none"|"blank"|"moving"|"still"} Motion none: no frame yet; blank: only black or one colour */

const TICK = 250;
/** A frame of this age in ms is this moment; a dark scene is filmed at 5 frames a second. */
const FRESH = 500;
/** Ticks without a frame; counted and not timed, since a busy page receives its frames late. */
const STILL_TICKS = 8;
const SAMPLE = { width: 64, height: 48 };
const ONE_COLOUR = 2; // of 255: noise of a real sensor is larger, even in the dark

export class FrameWatch {
  #video;
  #onMotion;
  #clock;
  /** @type {Motion} */
  motion = "none";
  #at = -Infinity;
  #silent = 0;
  /** @type {unknown} */
  #mark = null;
  #turn = 0;
  /** @type {Set<(arrived: boolean) => void>} */
  #waiting = new Set();

  /**
   * @param {HTMLVideoElement} video
   * @param {(motion: Motion) => void} onMotion
   * @param {Clock} [clock]
   */
  constructor(video, onMotion, clock = realClock) {
    this.#video = video;
    this.#onMotion = onMotion;
    this.#clock = clock;
  }

  /** Begins again: no earlier frame counts. */
  start() {
    this.stop();
    const turn = this.#turn;
    this.#await(turn);
    this.#tickLater(turn);
  }

  stop() {
    this.#turn++;
    this.#answer(false);
    Object.assign(this, { motion: "none" });
    this.#at = -Infinity;
    this.#silent = 0;
    this.#mark = null;
  }

  /** Whether the picture that is shown is of this moment. */
  get fresh() {
    return this.motion === "moving" && this.#clock.now() - this.#at <= FRESH;
  }

  /** The next frame. False where none comes before the picture counts as still. @returns {Promise<boolean>} */
  next() {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  /** @param {number} turn */
  #await(turn) {
    if (turn !== this.#turn || !("requestVideoFrameCallback" in this.#video)) return;
    this.#video.requestVideoFrameCallback((_, frame) => {
      if (turn !== this.#turn) return;
      this.#seen(`${frame?.presentedFrames} ${frame?.mediaTime}`);
      this.#await(turn);
    });
  }

  /** @param {number} turn */
  #tickLater(turn) {
    this.#clock.after(TICK, () => {
      if (turn !== this.#turn) return;
      if (!("requestVideoFrameCallback" in this.#video)) this.#seen(shownFrames(this.#video));
      if (!document.hidden) this.#tick();
      this.#tickLater(turn);
    });
  }

  #tick() {
    this.#silent++;
    if (this.#silent < STILL_TICKS) return;
    this.#answer(false);
    if (this.motion !== "none") this.#become("still");
  }

  /** @param {unknown} mark differs from frame to frame */
  #seen(mark) {
    if (mark === this.#mark) return;
    this.#mark = mark;
    this.#silent = 0;
    const moving = this.motion === "moving";
    if (!moving && isOneColour(this.#video)) return this.#become("blank");
    this.#at = this.#clock.now();
    this.#become("moving");
    this.#answer(true);
  }

  /** @param {Motion} motion */
  #become(motion) {
    if (motion === this.motion) return;
    this.motion = motion;
    this.#onMotion(motion);
  }

  /** @param {boolean} arrived */
  #answer(arrived) {
    for (const resolve of this.#waiting) resolve(arrived);
    this.#waiting.clear();
  }
}

/** For engines that do not report each frame. @param {HTMLVideoElement} video */
function shownFrames(video) {
  const counted = video.getVideoPlaybackQuality?.().totalVideoFrames;
  return counted ? `${counted}` : video.currentTime > 0 ? `${video.currentTime}` : null;
}

/**
 * Whether the picture is black all over, or of any one colour, as a camera sends before it has exposed.
 * Single pixels are looked at and not their mean: the noise of a dark scene must count.
 * @param {HTMLVideoElement} video
 */
function isOneColour(video) {
  const { width, height } = SAMPLE;
  const context = canvasOf(width, height).getContext("2d", { willReadFrequently: true });
  if (!context || !video.videoWidth) return true;
  context.imageSmoothingEnabled = false;
  context.drawImage(video, 0, 0, width, height);
  return spread(context.getImageData(0, 0, width, height).data) <= ONE_COLOUR;
}

/** The largest difference within one channel. @param {Uint8ClampedArray} pixels RGBA */
export function spread(pixels) {
  const low = [255, 255, 255];
  const high = [0, 0, 0];
  pixels.forEach((value, at) => {
    const channel = at % 4;
    if (channel === 3) return;
    if (value < low[channel]) low[channel] = value;
    if (value > high[channel]) high[channel] = value;
  });
  return Math.max(...high.map((value, channel) => value - low[channel]));
}
