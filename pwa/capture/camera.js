/**
 * One camera stream for one visit of the camera screen: started, watched, and stopped when left.
 *
 * After an interruption a track can look alive and deliver nothing, so a frame must be seen before a
 * shot is allowed, and a dead stream is fetched again from the same device.
 */
import { draw } from "./encode.js";

/** @typedef {"denied"|"missing"|"busy"|"unsupported"} CameraProblem */
/** @typedef {"starting"|"live"|"stopped"|CameraProblem} CameraState */

/** @type {{[name: string]: CameraProblem}} */
const PROBLEMS = {
  NotAllowedError: "denied",
  SecurityError: "denied",
  NotFoundError: "missing",
  OverconstrainedError: "missing",
};
const PATIENCE = 1000; // ms without a frame, or muted, before the stream is fetched again

export class Camera {
  #video;
  #onState;
  /** @type {MediaStreamTrack|null} */
  #track = null;
  /** @type {string|undefined} */
  #deviceId;
  #wanted = false;
  #seen = false;
  #turn = 0;

  /**
   * @param {HTMLVideoElement} video
   * @param {(state: CameraState) => void} onState
   */
  constructor(video, onState) {
    this.#video = video;
    this.#onState = onState;
    document.addEventListener("visibilitychange", () => this.#wake());
  }

  /** Whether a shot now would show this moment, and not a frozen picture. */
  get ready() {
    const track = this.#track;
    return this.#seen && track?.readyState === "live" && !track.muted && this.#video.videoWidth > 0;
  }

  /** What this camera offers beyond a picture. */
  get offers() {
    const { torch, zoom } = this.#capabilities();
    const zooms = [1, 2, 4].filter((factor) => zoom?.min <= factor && factor <= zoom?.max);
    return { torch: !!torch, zooms: zooms.length > 1 ? zooms : [] };
  }

  async start() {
    this.#wanted = true;
    const turn = ++this.#turn;
    this.#onState("starting");
    try {
      const stream = await open(this.#deviceId);
      if (turn !== this.#turn) return stream.getTracks().forEach((track) => track.stop());
      await this.#show(stream);
    } catch (error) {
      if (turn === this.#turn) this.#fail(error);
    }
  }

  stop() {
    this.#wanted = false;
    this.#turn++;
    this.#release();
  }

  /** The picture of this moment, at the camera's own size and never mirrored. */
  grab() {
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

  /** @param {MediaStream} stream */
  async #show(stream) {
    const [track] = stream.getVideoTracks();
    this.#track = track;
    this.#deviceId = track.getSettings().deviceId;
    track.addEventListener("ended", () => this.#check(track));
    track.addEventListener("mute", () => setTimeout(() => this.#check(track), PATIENCE));
    this.#video.srcObject = stream;
    this.#expectFrame(track);
    setTimeout(() => this.#check(track), 5 * PATIENCE);
    void this.#settle();
    await this.#video.play();
  }

  /** Continuous focus, exposure and white balance, each where the camera lists it. */
  async #settle() {
    const able = this.#capabilities();
    for (const mode of ["focusMode", "exposureMode", "whiteBalanceMode"])
      if (able[mode]?.includes("continuous")) await this.#apply({ [mode]: "continuous" });
  }

  #wake() {
    const track = this.#track;
    if (!this.#wanted || document.hidden) return;
    if (!track) return void this.start();
    this.#expectFrame(track);
    setTimeout(() => this.#check(track), PATIENCE);
  }

  /** @param {MediaStreamTrack} track */
  #expectFrame(track) {
    this.#seen = false;
    this.#onState("starting");
    this.#video.requestVideoFrameCallback(() => {
      if (track !== this.#track) return;
      this.#seen = true;
      this.#onState("live");
    });
  }

  /** @param {MediaStreamTrack} track */
  #check(track) {
    if (track !== this.#track || document.hidden || this.ready) return;
    this.#release();
    this.#onState("stopped");
    void this.start();
  }

  /** @param {unknown} error */
  #fail(error) {
    this.#release();
    const name = error instanceof Error ? error.name : "";
    this.#onState(PROBLEMS[name] ?? (name ? "busy" : "unsupported"));
  }

  #release() {
    this.#track?.stop();
    this.#track = null;
    this.#seen = false;
    this.#video.srcObject = null;
  }

  /** @returns {any} lists differ by engine, and TypeScript knows few of them */
  #capabilities() {
    return this.#track?.getCapabilities?.() ?? {};
  }

  /** @param {object} wish a refusal is no reason to stop: the picture goes on as it was */
  async #apply(wish) {
    await this.#track?.applyConstraints({ advanced: [wish] }).catch(() => {});
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
