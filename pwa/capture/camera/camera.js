/**
 * One camera stream for one camera session: started, watched, and stopped when left.
 *
 * A track can look alive and deliver nothing, so a shot waits for a frame of its own moment, and a
 * stream without frames is fetched again from the same device: each time with a longer limit, or a slow
 * camera would be cut off each time.
 */
import { realClock, withLimit } from "../../shared/clock.js";
import { expectTruePixels, pixelsAreTrue } from "./canvas.js";
import { draw } from "./encode.js";
import { FrameWatch } from "./frames.js";

/** @import { Clock } from "../../shared/clock.js" */
/** @import { Motion } from "./frames.js" */
/** @typedef {"denied"|"missing"|"busy"|"unsupported"|"changed"} CameraProblem changed: by the browser, pixel by pixel */
/** @typedef {"starting"|"slow"|"tap"|"blank"|"still"|"live"|"stopped"|CameraProblem} CameraState */

/** @type {{[name: string]: CameraProblem}} */
const PROBLEMS = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
  PixelsChanged: "changed",
};
const MUTED = 1000; // ms muted before the stream is fetched again
const SLOW = 5000; // ms without a picture before the screen says so and offers a way out
const FIRST_FRAME_LIMIT = 15_000; // ms without a picture before the stream is fetched again; then twice that
const LONGEST_FRAME_LIMIT = 120_000;
const CONSTRAINTS = 3000; // ms for a lens to obey

/** @type {{[motion in Motion]: CameraState}} */
const STATES = { none: "starting", blank: "blank", moving: "live", still: "still" };

export class Camera {
  #video;
  #onState;
  #clock;
  #frames;
  /** @type {MediaStreamTrack|null} */
  #track = null;
  /** @type {string|undefined} */
  #deviceId;
  #wanted = false;
  #turn = 0;
  #frameLimit = FIRST_FRAME_LIMIT;
  #cancelLook = () => {};

  /**
   * @param {HTMLVideoElement} video
   * @param {(state: CameraState) => void} onState
   * @param {Clock} [clock]
   */
  constructor(video, onState, clock = realClock) {
    this.#video = video;
    this.#onState = onState;
    this.#clock = clock;
    this.#frames = new FrameWatch(video, (motion) => this.#moved(motion), clock);
    document.addEventListener("visibilitychange", () => this.#wake());
  }

  /** Whether a shot may be asked for now. */
  get ready() {
    return this.#frames.motion === "moving" && this.#alive;
  }

  get #alive() {
    const track = this.#track;
    const { videoWidth, paused } = this.#video;
    return track?.readyState === "live" && !track.muted && videoWidth > 0 && !paused;
  }

  /** What this camera offers beyond a picture. */
  get offers() {
    const { torch, zoom } = this.#capabilities();
    const zooms = [1, 2, 4].filter((factor) => zoom?.min <= factor && factor <= zoom?.max);
    return { torch: !!torch, zooms: zooms.length > 1 ? zooms : [] };
  }

  async start() {
    this.#wanted = true;
    this.#release();
    const turn = ++this.#turn;
    this.#onState("starting");
    this.#lookLater(turn);
    try {
      if (!pixelsAreTrue()) throw Object.assign(new Error(), { name: "PixelsChanged" });
      void expectTruePixels().catch(() => {});
      const stream = await open(this.#deviceId);
      if (turn !== this.#turn) return stream.getTracks().forEach((track) => track.stop());
      await this.#show(stream, turn);
    } catch (error) {
      if (turn === this.#turn) this.#fail(error);
    }
  }

  stop() {
    this.#wanted = false;
    this.#turn++;
    this.#frameLimit = FIRST_FRAME_LIMIT;
    this.#release();
  }

  /** By a tap of the user, where the browser shows a picture only then. */
  play() {
    return this.#play(this.#turn);
  }

  /**
   * The picture of this moment, at the camera's own size and never mirrored: at once where a frame has
   * just come, else with the next one. Null where none comes.
   * @returns {HTMLCanvasElement | Promise<HTMLCanvasElement | null>}
   */
  grab() {
    if (this.#frames.fresh) return this.#drawn();
    const turn = this.#turn;
    return this.#frames
      .next()
      .then((arrived) => (arrived && turn === this.#turn ? this.#drawn() : null));
  }

  #drawn() {
    return draw(this.#video, [this.#video.videoWidth, this.#video.videoHeight]);
  }

  /** @param {boolean} torch */
  light(torch) {
    return this.#apply({ torch });
  }

  /** @param {number} zoom */
  zoom(zoom) {
    return this.#apply({ zoom });
  }

  /**
   * Focuses on a point, where the camera can.
   * @param {number} x 0 to 1 @param {number} y 0 to 1
   */
  async focus(x, y) {
    const { focusMode = [], pointsOfInterest } = this.#capabilities();
    const mode = ["single-shot", "continuous"].find((name) => focusMode.includes(name));
    if (!mode) return false;
    await this.#apply({
      focusMode: mode,
      ...(pointsOfInterest && { pointsOfInterest: [{ x, y }] }),
    });
    return true;
  }

  /** @param {MediaStream} stream @param {number} turn */
  async #show(stream, turn) {
    const [track] = stream.getVideoTracks();
    this.#track = track;
    this.#deviceId = track.getSettings().deviceId;
    track.addEventListener("ended", () => this.#check(track));
    track.addEventListener("mute", () => this.#muted(track));
    track.addEventListener("unmute", () => this.#moved(this.#frames.motion));
    this.#video.srcObject = stream;
    this.#frames.start();
    void this.#setContinuousModes();
    await this.#play(turn);
  }

  /**
   * A picture that does not begin to play is noticed by its missing frames; only a refusal has a reason
   * of its own, and is not the camera's.
   * @param {number} turn
   */
  async #play(turn) {
    try {
      await this.#video.play();
      if (turn === this.#turn && this.ready) this.#onState("live");
    } catch (error) {
      if (turn === this.#turn && nameOf(error) === "NotAllowedError") this.#onState("tap");
    }
  }

  /** Continuous focus, exposure and white balance, each where the camera lists it. */
  async #setContinuousModes() {
    const able = this.#capabilities();
    for (const mode of ["focusMode", "exposureMode", "whiteBalanceMode"])
      if (able[mode]?.includes("continuous")) await this.#apply({ [mode]: "continuous" });
  }

  #wake() {
    const track = this.#track;
    if (!this.#wanted || document.hidden) return;
    if (!track) return void this.start();
    this.#frames.start();
    this.#onState("starting");
    this.#lookLater(this.#turn);
    // Some browsers stop a video in a hidden page.
    if (this.#video.paused) void this.#play(this.#turn);
    this.#clock.after(MUTED, () => this.#check(track));
  }

  /** @param {Motion} motion */
  #moved(motion) {
    if (!this.#track) return;
    // Of a video that may not play the first frame is shown all the same.
    if (this.#video.paused) return this.#onState("tap");
    this.#onState(STATES[motion]);
    if (motion === "moving") {
      this.#cancelLook();
      this.#frameLimit = FIRST_FRAME_LIMIT;
    } else this.#lookLater(this.#turn);
  }

  /** Reports that the camera is slow, and restarts it at the end of the limit. @param {number} turn */
  #lookLater(turn) {
    this.#cancelLook();
    const still = () => turn === this.#turn && !document.hidden && !this.ready;
    const ends = [
      this.#clock.after(SLOW, () => {
        if (still() && this.#frames.motion === "none") this.#onState("slow");
      }),
      // Without a track the browser may still be asking the user: it is not asked twice.
      this.#clock.after(this.#frameLimit, () => still() && this.#track && this.#again()),
    ];
    this.#cancelLook = () => ends.forEach((cancel) => cancel());
  }

  #again() {
    this.#frameLimit = Math.min(2 * this.#frameLimit, LONGEST_FRAME_LIMIT);
    this.#onState("stopped");
    void this.start();
  }

  /** @param {MediaStreamTrack} track */
  #muted(track) {
    if (track !== this.#track) return;
    this.#onState("stopped");
    this.#clock.after(MUTED, () => this.#check(track));
  }

  /** @param {MediaStreamTrack} track ended, or muted for a while */
  #check(track) {
    if (track !== this.#track || document.hidden) return;
    if (track.readyState === "live" && !track.muted) return;
    this.#again();
  }

  /** @param {unknown} error */
  #fail(error) {
    this.#release();
    const name = nameOf(error);
    this.#onState(PROBLEMS[name] ?? (name ? "busy" : "unsupported"));
  }

  #release() {
    this.#cancelLook();
    this.#frames.stop();
    this.#track?.stop();
    this.#track = null;
    this.#video.srcObject = null;
  }

  /** @returns {any} lists differ by engine, and TypeScript knows few of them */
  #capabilities() {
    return this.#track?.getCapabilities?.() ?? {};
  }

  /** @param {object} constraint a refusal is no reason to stop: the picture goes on as it was */
  async #apply(constraint) {
    const done = this.#track?.applyConstraints({ advanced: [constraint] });
    await withLimit(done, CONSTRAINTS, "applyConstraints", this.#clock).catch(() => {});
  }
}

/** @param {string} [deviceId] the lens of before, or a phone may come back with its widest one */
function open(deviceId) {
  const video = {
    facingMode: { ideal: "environment" },
    width: { ideal: 1920 },
    height: { ideal: 1440 },
    ...(deviceId && { deviceId: { ideal: deviceId } }),
  };
  if (!navigator.mediaDevices) return Promise.reject();
  return navigator.mediaDevices.getUserMedia({ video, audio: false });
}

/** @param {unknown} error */
const nameOf = (error) => (error instanceof Error ? error.name : "");
