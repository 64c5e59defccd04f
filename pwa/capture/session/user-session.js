/**
 * The user of the phone. The camera never waits for a sign-in: the last user and the server's last
 * answer are remembered on the phone; a sign-out ends that, and erases no photo.
 */
import { ask } from "../../page/dialog.js";
import { withNames } from "../../page/names.js";
import { phone as words } from "../../page/words/phone.js";
import { isStale } from "../consultation/consultation-guard.js";
import { inQueue, inReview, UNKNOWN, waiting } from "../store.js";

/** @import { Binding, Known, Moment } from "../consultation/consultation-guard.js" */
/** @import { Consultation, Me, ServerMove } from "../../shared/api-types.js" */
/** @import { Answer } from "./server-watch.js" */
/** @import { State, Store } from "../store.js" */
/** @import { Install } from "../device-features.js" */
/** @import { Queue } from "../../queue/queue.js" */
/** @import { Session } from "../../page/session/session.js" */

/** What the page knows once the user has signed out. @type {Partial<State>} */
const SIGNED_OUT = {
  owner: null,
  known: null,
  cameraSession: null,
  retake: null,
  signedOut: true,
  batch: [],
  stored: [],
  justStored: [],
  // They may name files and consultations.
  messages: [],
};
const REMEMBER_AFTER = 1; // minutes between writes of an unchanged answer

export class UserSession {
  #store;
  #queue;
  #session;
  #onServerUpdate;
  #leave;
  #remembered = 0;
  /** By the server's clock. @type {() => number} */
  now = Date.now;
  /** Waits for photos that are still being saved; each of them has an end. @type {() => Promise<void>} */
  settled = async () => {};

  /**
   * @param {Store} store
   * @param {Queue} queue
   * @param {Session} session
   * @param {(known: Known) => void} onServerUpdate
   * @param {() => void} leave ends what the last user was doing
   */
  constructor(store, queue, session, onServerUpdate, leave) {
    this.#store = store;
    this.#queue = queue;
    this.#session = session;
    this.#onServerUpdate = onServerUpdate;
    this.#leave = leave;
  }

  get signInUrl() {
    return this.#session.signInUrl(location.pathname + location.search);
  }

  /** Takes up the last user and consultation of this phone, before any answer of the server. */
  async recall() {
    const [owner, last] = await Promise.all([this.#queue.owner(), this.#queue.consultation()]);
    this.#store.set({ signedOut: !!owner?.signedOut });
    if (!owner || owner.signedOut || last?.owner !== owner.id) return;
    const { images, staleMinutes } = last;
    // A clock of another page means nothing here, and what was closed is asked again.
    const known = { ...last.known, heardAt: undefined, closed: null };
    this.#store.set({ owner, known, images, staleMinutes });
  }

  /** The server's answer about the user. @param {Me} me @param {Moment} asked @param {Answer|null} [answer] */
  async onUser(me, asked, answer = null) {
    const { owner: before } = this.#store.state;
    const { id, name } = me.user;
    const { images, consultationStaleMinutes: staleMinutes } = me;
    // Before the new user can tap anything: what is begun after this is theirs.
    if (before?.id !== id) this.#leave();
    this.#store.set({ owner: { id, name }, signedOut: false, images, staleMinutes });
    const last = answer && before?.id === id ? knownOf(answer, asked) : {};
    const current = me.currentConsultation && bindingOf(me.currentConsultation);
    const unfiled = bindingOf(me.unfiledConsultation);
    await this.#remember({ ...last, current, unfiled }, asked, true);
  }

  /** The server's answer about the consultation. @param {Answer} answer @param {Moment} asked */
  async onConsultation(answer, asked) {
    const { known, owner } = this.#store.state;
    if (!known || !owner) return;
    const changed = known.current?.id !== answer.consultation?.id;
    await this.#remember({ ...knownOf(answer, asked), unfiled: known.unfiled }, asked, changed);
  }

  /**
   * The user signed out, here or in another tab: camera, names and photos leave the screen at once.
   * Photos that are still being stored belong to the user who took them, and the page waits for them.
   * @param {() => Promise<unknown>} kept
   */
  async onSignedOut(kept) {
    if (!this.#store.state.owner) return;
    this.#leave();
    const listing = { ...UNKNOWN.listing, otherOwners: this.#store.state.listing.otherOwners };
    this.#store.set({ ...SIGNED_OUT, listing });
    await kept();
    const { linkUp, unsaved } = this.#store.state;
    // Without a connection the sign-in page would be a dead end; photos in memory alone keep the page open.
    if (linkUp && !unsaved && navigator.onLine !== false) location.replace(this.signInUrl);
  }

  /** A phone that knows no last user leads to the sign-in. @param {boolean} signIn whether one is wanted */
  async onSignInNeeded(signIn) {
    this.#store.set({ signIn });
    if (!signIn) return;
    // The last user may have signed out meanwhile, in another tab.
    const owner = await this.#queue.owner();
    if (!owner || owner.signedOut) location.replace(this.signInUrl);
  }

  /** @param {Install} install */
  async menu(install) {
    // Right after the first sign-in the session knows the user before the phone does.
    const owner = this.#store.state.owner ?? this.#session.user();
    const title = owner ? withNames(words.signedInAs, owner.name ?? owner.id) : words.menu;
    const { passwordUrl } = this.#session;
    const choices = menuChoices(!!owner, !!passwordUrl, install);
    const chosen = await ask({ title, choices });
    if (chosen === "install") install.offer();
    if (chosen === "password" && passwordUrl) location.assign(passwordUrl(location.pathname));
    if (chosen === "out") await this.#signOut();
  }

  async #signOut() {
    const { state } = this.#store;
    const count = waiting(state);
    const choices = [
      { value: "", text: words.stay, kind: "primary" },
      { value: "out", text: words.signOut },
    ];
    const text = words.signOutText(inQueue(state).length, inReview(state).length, state.pending);
    const question = { title: words.signOutTitle(count), text, choices };
    if (count && !(await ask(question))) return;
    await this.settled();
    await this.#session.signOut();
    // Without a connection the sign-in page would be a dead end, and this one still shows what waits here.
    const unconfirmed = (await this.#queue.owner())?.pendingSignOut;
    location.replace(unconfirmed ? location.pathname : this.signInUrl);
  }

  /**
   * @param {Pick<Known, "current"|"unfiled"|"closed"|"since"|"steps">} last
   * @param {Moment} asked
   * @param {boolean} changed
   */
  async #remember(last, asked, changed) {
    this.#onServerUpdate({ closed: null, ...last, confirmedAt: asked.wall, heardAt: asked.still });
    // With the moves that photos in review may still depend on.
    const { known, owner, images, staleMinutes } = this.#store.state;
    const now = this.now();
    if (!changed && !isStale(this.#remembered, now, REMEMBER_AFTER)) return;
    this.#remembered = now;
    await this.#queue.setConsultation({ owner: owner?.id, known, images, staleMinutes });
  }
}

/** @param {Answer} answer @param {Moment} asked */
function knownOf({ consultation, closed, serverTime, moves = [] }, asked) {
  /** By this phone's clock. @param {string} moment */
  const here = (moment) => asked.wall - (Date.parse(serverTime ?? "") - Date.parse(moment));
  const since = consultation ? here(consultation.openedAt) : NaN;
  return {
    current: consultation && bindingOf(consultation),
    closed,
    since: since <= asked.wall ? since : undefined,
    steps: moves.map((move) => ({ to: bindingOf(move), after: here(move.since) })),
  };
}

/** What the phone needs of it. @param {Consultation|ServerMove} consultation @returns {Binding} */
function bindingOf({ id, label, kind, openedAt, secondIdentifier }) {
  return { id, label, kind, openedAt, secondIdentifier };
}

/** @param {boolean} known whether there is a user @param {boolean} ownPassword whether passwords are kept here @param {Install} install */
function menuChoices(known, ownPassword, { offered }) {
  const choices = [{ value: "", text: words.close }];
  if (known && ownPassword) choices.unshift({ value: "password", text: words.changePassword });
  if (known) choices.unshift({ value: "out", text: words.signOut });
  if (offered) choices.unshift({ value: "install", text: words.install });
  return choices;
}
