/** The camera screen: viewfinder, shutter, lens controls, and the card that blocks the shutter. */
import { readOut } from "../../page/toasts.js";
import { phone as words } from "../../page/words/phone.js";
import { when } from "../../page/times.js";
import { QuestionCard } from "../consultation/question-view.js";
import { button, icon, byId, setText } from "../../page/dom.js";
import { openQuestion } from "../consultation/question.js";
import { inReview } from "../store.js";

/** @import { Camera, CameraState } from "./camera.js" */
/** @import { Capturing, Refusal } from "./capturing.js" */
/** @import { Message, State } from "../store.js" */

/** @type {{[state in CameraState]: string}} */
const MESSAGES = {
  starting: words.cameraStarting,
  slow: words.cameraSlow,
  tap: words.cameraTap,
  blank: words.cameraBlank,
  still: words.cameraStill,
  live: "",
  stopped: words.cameraStopped,
  ...words.cameraProblems,
};
/** States that may end by themselves or last: the screen offers a way out. */
const MAY_LAST = new Set(["slow", "blank", "still"]);
const EXPLAINED = 4_000; // ms that a refused tap of the shutter is explained

export class CameraView {
  #camera;
  #capturing;
  #choose;
  #dismiss;
  #card;
  /** @type {any} */
  #explainTimer = 0;
  #retaking = false;

  /**
   * @param {Camera} camera
   * @param {Capturing} capturing
   * @param {() => unknown} choose
   * @param {(id: number) => unknown} dismiss
   */
  constructor(camera, capturing, choose, dismiss) {
    this.#camera = camera;
    this.#capturing = capturing;
    this.#choose = choose;
    this.#dismiss = dismiss;
    byId("take-photo").onclick = () => this.#shoot();
    byId("close-camera").onclick = () => capturing.close();
    for (const id of ["review-camera", "last-shot"])
      byId(id).onclick = () => capturing.go({ type: "review" });
    byId("video").onclick = (/** @type {PointerEvent} */ event) => this.#focus(event);
    this.#card = new QuestionCard(byId("question"), (choice) => capturing.answer(choice));
  }

  /** @param {State} state */
  draw(state) {
    const { camera, hasSpace, flow, messages } = state;
    if (flow.name !== "camera") return;
    const question = openQuestion(state);
    // While the server is asked the shutter stays where it is, and waits.
    const asking = question?.choices.length === 0;
    this.#drawQuestion(asking ? null : question);
    this.#retaking = !!state.retake;
    this.#drawMessage(
      camera,
      hasSpace,
      messages[0],
      asking && camera === "live" ? words.asking : "",
    );
    byId("take-photo").disabled = camera !== "live" || !hasSpace || asking;
    drawTaken(state);
    this.#drawLens(["live", "still"].includes(camera));
  }

  /**
   * @param {CameraState} camera @param {boolean} hasSpace
   * @param {Message} [message] about an earlier photo: shown where nothing else is, beside a shutter that works
   * @param {string} [asking] while the server is asked
   */
  #drawMessage(camera, hasSpace, message, asking) {
    const own = hasSpace ? MESSAGES[camera] || asking : words.almostFull;
    const note = own ? undefined : message;
    const mayChoose = this.#mayChoose(camera, hasSpace);
    const box = byId("camera-message");
    const key = `${own} ${mayChoose} ${note?.id}`;
    if (box.dataset.text === key) return;
    box.dataset.text = key;
    const text = note ? note.text : own;
    box.replaceChildren(mayChoose ? `${text} ${words.orChoose}` : text);
    box.append(...this.#waysOut(camera, hasSpace, note));
  }

  /** Chosen photos belong to the camera session, a retake perhaps to another patient. @param {CameraState} camera @param {boolean} hasSpace */
  #mayChoose(camera, hasSpace) {
    return isStuck(camera, hasSpace) && !this.#retaking;
  }

  /** @param {CameraState} camera @param {boolean} hasSpace @param {Message} [note] */
  #waysOut(camera, hasSpace, note) {
    const ways = [];
    if (note) ways.push(button(words.dismiss, () => this.#dismiss(note.id)));
    if (hasSpace && camera === "tap")
      ways.push(button(words.tapToStart, () => this.#camera.play()));
    if (isStuck(camera, hasSpace)) ways.push(button(words.tryAgain, () => this.#camera.start()));
    if (this.#mayChoose(camera, hasSpace)) ways.push(button(words.choosePhotos, this.#choose));
    return ways;
  }

  /** @param {ReturnType<typeof openQuestion>} question */
  #drawQuestion(question) {
    const controls = byId("take-photo").parentElement;
    const before = controls.hidden;
    controls.hidden = !!question;
    const line = this.#card.draw(question);
    if (question) line?.focus();
    else if (before) byId("take-photo").focus();
  }

  /** @param {boolean} live */
  #drawLens(live) {
    if (live === byId("lens").hasChildNodes()) return;
    if (!live) return byId("lens").replaceChildren();
    const { torch, zooms } = this.#camera.offers;
    const controls = zooms.map((factor, index) => {
      const zoom = button(words.zoom(factor), () => {
        void this.#camera.zoom(factor);
        for (const other of controls) other.ariaPressed = String(other === zoom);
      });
      zoom.ariaLabel = words.zoomName(factor);
      zoom.ariaPressed = String(!index);
      return zoom;
    });
    byId("lens").replaceChildren(...(torch ? [this.#torch()] : []), ...controls);
  }

  #torch() {
    const torch = button(words.torch, () => {
      torch.ariaPressed = String(torch.ariaPressed !== "true");
      void this.#camera.light(torch.ariaPressed === "true");
    });
    torch.ariaPressed = "false";
    torch.prepend(icon("torch"));
    return torch;
  }

  #shoot() {
    const explain = (/** @type {Refusal} */ refusal) =>
      this.#explain(refusal && words.shutterRefused[refusal]);
    explain(this.#capturing.shoot(() => this.#flashShot(), explain));
  }

  #flashShot() {
    flash(byId("camera"));
    const { videoWidth: w, videoHeight: h } = byId("video");
    const canvas = byId("last-shot");
    const side = Math.min(w, h);
    const middle = [(w - side) / 2, (h - side) / 2, side, side];
    canvas.getContext("2d").drawImage(byId("video"), ...middle, 0, 0, canvas.width, canvas.height);
    flash(canvas);
  }

  /** Explains a tap that took no photo. @param {string} text */
  #explain(text) {
    setText(byId("shutter-says"), text);
    clearTimeout(this.#explainTimer);
    if (!text) return;
    readOut(text);
    this.#explainTimer = setTimeout(() => setText(byId("shutter-says"), ""), EXPLAINED);
  }

  /** @param {PointerEvent} event the video is letterboxed: only its picture counts */
  async #focus({ offsetX, offsetY }) {
    const { clientWidth: w, clientHeight: h, videoWidth, videoHeight } = byId("video");
    const scale = Math.min(w / videoWidth, h / videoHeight);
    const x = 0.5 + (offsetX - w / 2) / (videoWidth * scale);
    const y = 0.5 + (offsetY - h / 2) / (videoHeight * scale);
    if (!(x >= 0 && x <= 1 && y >= 0 && y <= 1) || !(await this.#camera.focus(x, y))) return;
    const focusRing = byId("focus-ring");
    focusRing.style.left = `${offsetX}px`;
    focusRing.style.top = `${offsetY}px`;
    focusRing.hidden = false;
    flash(focusRing).finished.finally(() => (focusRing.hidden = true));
  }
}

/** A blink by class would need a reflow to start again; an animation object does not. @param {HTMLElement} element */
function flash(element) {
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  return element.animate(
    element.id === "camera"
      ? [{ boxShadow: "inset 0 0 0 6px #fff" }, { boxShadow: "inset 0 0 0 6px transparent" }]
      : [{ transform: still ? "none" : "scale(1.35)", opacity: 0.4 }, { opacity: 1 }],
    { duration: element.id === "focus-ring" ? 700 : 150 },
  );
}

/** @param {CameraState} camera @param {boolean} hasSpace */
function isStuck(camera, hasSpace) {
  return hasSpace && (camera in words.cameraProblems || MAY_LAST.has(camera));
}

/** What was taken so far, and what a retake stands for. @param {State} state */
function drawTaken(state) {
  const { retake } = state;
  setText(byId("retaking"), retake ? words.retaking(when(retake.capturedAt)) : "");
  const count = retake ? 0 : inReview(state).length;
  setText(byId("review-camera"), words.review(count));
  setText(byId("camera-saved"), count ? words.allSaved(count) : "");
  byId("review-camera").hidden = byId("last-shot").hidden = !count;
}
