/** What the phone's page knows, in one place; views draw it again after a change, once per turn. */

import { MOST_BYTES } from "../queue/photo-record.js";
import { START } from "./flow.js";

/** @import { Flow } from "./flow.js" */
/** @import { Known, CameraSession } from "./consultation/consultation-guard.js" */
/** @import { CameraState } from "./camera/camera.js" */
/** @import { ImageSettings } from "./camera/encode.js" */
/** @import { PhotoSummary } from "../queue/photo-record.js" */
/** @import { Listing } from "../queue/listing.js" */

/** @typedef {ImageSettings & {choosePhotos: boolean}} Images */
/** @typedef {{id: number, text: string}} Message */

/**
 * @typedef {object} State
 * @property {Flow} flow
 * @property {{id: string, name: string|null}|null} owner whose photos are taken and shown
 * @property {Known|null} known the server's last answer about consultations
 * @property {Images} images
 * @property {number} staleMinutes
 * @property {CameraSession|null} cameraSession
 * @property {PhotoSummary|null} retake the photo that the next shot replaces
 * @property {string[]} replacing ids of photos whose retake is taken and still being saved
 * @property {CameraState} camera
 * @property {boolean|null} linkUp whether our own server answered last; null before the first try
 * @property {boolean} signIn whether the server wants a sign-in
 * @property {boolean} signedOut whether the last user of this phone signed out
 * @property {boolean} hasSpace whether three more photos fit
 * @property {boolean} durable whether the browser promised not to clear this storage
 * @property {number} unsaved photos that exist in memory only, because storage refused them
 * @property {number} clockOffset server's time less the phone's, in ms
 * @property {number} pending photos that were taken and are still being saved
 * @property {Listing} listing
 * @property {PhotoSummary[]} justStored photos stored in the last seconds
 * @property {string[]} batch ids of the last Upload, and of what still waited to be sent then
 * @property {string[]} stored those of them that are stored
 * @property {boolean} newVersion whether a newer app waits for a reload
 * @property {{done: number, all: number}|null} choosing picked files on their way into the queue
 * @property {Message[]} messages to be read and dismissed by the clinician, each by itself
 */

/** Before anything is known; the settings are replaced by the server's. @type {State} */
export const UNKNOWN = {
  flow: START,
  owner: null,
  known: null,
  images: {
    longestEdge: 800,
    format: "jpeg",
    quality: 0.85,
    maxBytes: MOST_BYTES,
    choosePhotos: true,
  },
  staleMinutes: 15,
  cameraSession: null,
  retake: null,
  replacing: [],
  camera: "starting",
  linkUp: null,
  signIn: false,
  signedOut: false,
  hasSpace: true,
  durable: true,
  unsaved: 0,
  clockOffset: 0,
  pending: 0,
  listing: { photos: [], otherOwners: 0, storedToday: 0, pause: null },
  justStored: [],
  batch: [],
  stored: [],
  newVersion: false,
  choosing: null,
  messages: [],
};

export class Store {
  #state;
  /** @type {((state: State) => void)[]} */
  #views = [];
  #due = false;
  #lastMessageId = 0;

  /** @param {State} state */
  constructor(state) {
    this.#state = state;
  }

  get state() {
    return this.#state;
  }

  /** @param {Partial<State>} patch */
  set(patch) {
    this.#state = { ...this.#state, ...patch };
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => this.draw());
  }

  /** Shows a message that stays until it is dismissed. @param {string} text */
  showMessage(text) {
    this.#lastMessageId += 1;
    this.set({ messages: [...this.#state.messages, { id: this.#lastMessageId, text }] });
  }

  /** @param {(state: State) => void} view */
  show(view) {
    this.#views.push(view);
    view(this.#state);
  }

  draw() {
    this.#due = false;
    for (const view of this.#views) view(this.#state);
  }
}

/** Photos that were kept but not approved yet. @param {State} state */
export const inReview = ({ listing }) => listing.photos.filter(({ state }) => state === "captured");

/** Photos on their way or waiting. @param {State} state */
export const inQueue = ({ listing }) => listing.photos.filter(({ state }) => state !== "captured");

/** Photos that the server does not have yet, memory included. @param {State} state */
export const waiting = ({ listing, unsaved, pending }) => listing.photos.length + unsaved + pending;
