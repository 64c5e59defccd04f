/** The review screen: look closely, delete, retake, choose what is uploaded. */
import { ask, showDialog } from "../../page/dialog.js";
import { readOut } from "../../page/toasts.js";
import { phone as words } from "../../page/words/phone.js";
import { when } from "../../page/times.js";
import { button, byId, copy, find, icon, make, repeat, setText } from "../../page/dom.js";
import { LeftOut } from "./left-out.js";
import { drawPlace, drawUpload, photoLine } from "./place-view.js";
import { inReview } from "../store.js";

/** @import { Pictures } from "./pictures.js" */
/** @import { State } from "../store.js" */
/** @import { PhotoSummary } from "../../queue/photo-record.js" */

/**
 * @typedef {object} ReviewActions
 * @property {(photo: PhotoSummary) => unknown} retake
 * @property {(photoId: string) => Promise<unknown>} remove
 * @property {(photoIds: string[]) => Promise<unknown>} upload
 */

export class ReviewView {
  #pictures;
  #actions;
  #left = new LeftOut();
  /** @type {PhotoSummary[]} */
  #photos = [];
  /** @type {State|null} */
  #state = null;

  /** @param {Pictures} pictures @param {ReviewActions} actions */
  constructor(pictures, actions) {
    this.#pictures = pictures;
    this.#actions = actions;
    byId("upload").onclick = () => actions.upload(this.#chosen().map(({ photoId }) => photoId));
  }

  /** @param {State} state @param {string|undefined} shownId the consultation in the header */
  draw(state, shownId) {
    this.#photos = inReview(state);
    if (state.flow.name !== "reviewing") return;
    const { length } = this.#photos;
    setText(byId("review-count"), String(length));
    setText(byId("review-saved"), length ? words.allSaved(length) : "");
    drawChoosing(state.choosing);
    byId("nothing-to-review").hidden = !!length;
    repeat(
      byId("to-review"),
      this.#photos,
      (photo) => this.#card(photo),
      (card, photo, index) => {
        nameCard(card, words.photoAt(index + 1, when(photo.capturedAt)));
        drawPlace(card, photo, state, photo.consultationId !== shownId);
        drawReplacing(card, state.replacing.includes(photo.photoId));
      },
    );
    this.#state = state;
    this.#drawButton();
  }

  #chosen() {
    const replacing = this.#state?.replacing ?? [];
    return this.#photos.filter(
      ({ photoId }) => !this.#left.has(photoId) && !replacing.includes(photoId),
    );
  }

  #drawButton() {
    if (this.#state) drawUpload(this.#chosen(), this.#state);
  }

  /** @param {PhotoSummary} photo */
  #card(photo) {
    const card = copy("review-card");
    const image = find(card, "img", HTMLImageElement);
    this.#pictures.attach(image, photo);
    const { blurry, dark, damaged } = photo.quality;
    const badges = find(card, ".badges", Element);
    if (blurry) badges.append(make("span", "badge", icon("blur"), words.blurry));
    if (damaged) badges.append(make("span", "badge", icon("alert"), words.damaged));
    if (dark) badges.append(make("span", "badge", icon("dark"), words.dark));
    setText(find(card, "time", Element), when(photo.capturedAt));
    const tick = find(card, "input", HTMLInputElement);
    tick.checked = !this.#left.has(photo.photoId);
    tick.onchange = () => {
      this.#left.set(photo.photoId, !tick.checked);
      this.#drawButton();
    };
    card.onclick = (event) => this.#act(event, photo);
    return card;
  }

  /** @param {MouseEvent} event @param {PhotoSummary} listed as it was when its card was made */
  async #act({ target }, listed) {
    const act = target instanceof Element && target.closest("[data-act]");
    if (!(act instanceof HTMLElement)) return;
    // The card stays while an answer moves its photo to another patient.
    const photo = this.#photos.find(({ photoId }) => photoId === listed.photoId) ?? listed;
    if (act.dataset.act === "retake") this.#actions.retake(photo);
    if (act.dataset.act === "enlarge") await this.#enlarge(photo, act.dataset.name ?? "");
    if (act.dataset.act === "delete") await this.#askToRemove(photo);
  }

  /** @param {PhotoSummary} photo */
  async #askToRemove(photo) {
    const line = this.#state ? photoLine(photo, this.#state) : [];
    if (await confirmDelete(line)) await this.#remove(photo);
  }

  /** @param {PhotoSummary} photo */
  async #remove({ photoId }) {
    if (!(await this.#actions.remove(photoId))) return;
    // The list is read again a moment later: it may still have this photo, or not.
    const others = this.#photos.filter((photo) => photo.photoId !== photoId);
    readOut(words.deleted(others.length));
  }

  /** @param {PhotoSummary} photo @param {string} title */
  async #enlarge(photo, title) {
    const address = await this.#pictures.address(photo);
    await showDialog(title, (dialog) => fillViewer(dialog, address));
    URL.revokeObjectURL(address);
  }
}

/** Asks before a photo is erased for good. @param {(string|Node)[]} photo whose it is and when it was taken */
export async function confirmDelete(photo) {
  const choices = [
    { value: "", text: words.keepPhoto },
    { value: "delete", text: words.delete, kind: "danger" },
  ];
  const text = [...photo, "\n", words.deleteText];
  return (await ask({ title: words.deleteTitle, text, choices })) === "delete";
}

/** @param {HTMLDialogElement} dialog @param {string} address */
function fillViewer(dialog, address) {
  dialog.classList.add("viewer");
  const image = make("img", "");
  image.src = address;
  image.alt = "";
  const stage = make("div", "zoom-stage", image);
  stage.tabIndex = 0;
  stage.ariaLabel = dialog.querySelector("h2")?.textContent ?? "";
  stage.role = "group";
  let zoom = 1;
  const by = (/** @type {number} */ step) => {
    const before = zoom;
    zoom = Math.min(4, Math.max(1, zoom + step));
    image.style.inlineSize = image.style.blockSize = `${zoom * 100}%`;
    const { scrollLeft, scrollTop, clientWidth, clientHeight } = stage;
    // What was in the middle stays in the middle.
    stage.scrollLeft = ((scrollLeft + clientWidth / 2) * zoom) / before - clientWidth / 2;
    stage.scrollTop = ((scrollTop + clientHeight / 2) * zoom) / before - clientHeight / 2;
    smaller.disabled = zoom === 1;
    larger.disabled = zoom === 4;
  };
  const smaller = button(words.zoomOut, () => by(-1));
  const larger = button(words.zoomIn, () => by(1));
  const close = button(words.close, () => dialog.close());
  dialog.append(stage, make("div", "viewer-acts", smaller, larger, close));
  by(0);
}

/** @param {HTMLElement} card @param {string} name */
function nameCard(card, name) {
  const preview = find(card, ".preview", HTMLElement);
  preview.ariaLabel = words.enlarge(name);
  preview.dataset.name = name;
  setText(find(card, ".pick span", Element), words.include(name));
  for (const act of /** @type {NodeListOf<HTMLElement>} */ (card.querySelectorAll(".acts button")))
    act.ariaDescription = name;
}

/** Nothing is decided about a photo whose retake is being saved. @param {HTMLElement} card @param {boolean} replacing */
function drawReplacing(card, replacing) {
  const part = (/** @type {string} */ name) =>
    /** @type {HTMLElement & {disabled: boolean}} */ (card.querySelector(name));
  part(".preview").disabled = replacing;
  part("input").disabled = replacing;
  part(".acts").hidden = replacing;
  part(".replacing").hidden = !replacing;
}

/** Picked files on their way into the list. @param {State["choosing"]} choosing */
function drawChoosing(choosing) {
  byId("chosen").hidden = !choosing;
  if (!choosing) return;
  byId("chosen-progress").max = choosing.all;
  byId("chosen-progress").value = choosing.done;
  setText(byId("chosen-text"), words.choosing(choosing.done, choosing.all));
}
