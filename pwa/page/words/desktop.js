/** Every word of the desktop page, in English. A second language is a second file of this shape. */

/** @param {number} n */
const photos = (n) => (n === 0 ? "No photos" : n === 1 ? "1 photo" : `${n} photos`);

export const desktop = {
  locale: "en-GB",

  tabConsultations: "Consultations",
  tabPhotos: "Photos",
  tabSide: "Phone & notes",

  listConsultations: "Consultations",
  listPhotos: "Photos",
  newConsultation: "New consultation",
  startFirst: "Start a consultation",
  label: "Label",
  labelHint: "What you call this consultation, such as “Room 2 · J.S. 54y”.",
  second: "Second identifier (optional)",
  secondHint: "Something to check the patient by, such as a date of birth.",
  start: "Start consultation",
  cancel: "Cancel",
  /** @param {string} name */
  labelInUse: (name) =>
    `${name} is open as well. Add a second identifier here, so that the two can be told apart.`,
  labelInUseOther:
    "An open consultation already has this label. Add a second identifier, so that the two can be told apart.",
  correct: "Correct",
  correctTitle: "Correct label or identifier",
  correctHint: "The phone and other screens follow by themselves. The change is recorded.",
  /** @param {number} n */
  correctPhotos: (n) =>
    `${photos(n)} ${n === 1 ? "stays" : "stay"} in it, under the new words. For another patient, start a new consultation and move ${n === 1 ? "it" : "them"} there.`,
  save: "Save",
  discard: "Discard",
  discardTitle: (/** @type {string} */ label) => `Discard ${label}?`,
  discardText:
    "It leaves the list. It holds no photos and no notes. A photo that arrives for it later brings it back.",
  discardYes: "Discard consultation",
  discarded: (/** @type {string} */ label) => `${label} was discarded`,
  labelMissing: "Enter a label, so that you can tell this consultation from the others.",

  photos,
  unfiled: "Unfiled",
  closedMark: "Closed",
  /** @param {string} at */
  closedAt: (at) => `Closed ${at}`,
  today: "Today",
  yesterday: "Yesterday",
  /** The same within a sentence. */
  inSentence: { today: "today", yesterday: "yesterday" },
  noDay: "Without a consultation",
  /** @param {number} n */
  toCheck: (n) => (n === 1 ? "1 photo to check" : `${n} photos to check`),
  here: "New photos go here",
  elsewhere: "New photos go to",
  useThis: "Use for new photos",
  showCurrent: "Show it",
  /** @param {string} at */
  opened: (at) => `Opened ${at}`,
  /** @param {string} at */
  closed: (at) => `Closed ${at}. Photos still on their way arrive here, marked late.`,
  closeConsultation: "Close consultation",
  reopen: "Reopen",
  /** @param {string} label */
  closeAsk: (label) => `Close ${label}?`,
  closeText:
    "No new photos can be taken for it. Photos still on a phone go to it after Upload there, marked late. You can reopen it.",
  unfiledText:
    "Photos taken with no consultation open. Open a photo, then choose “Move to…” to file it.",

  scan: "Scan to open on your phone",
  scanHint: "Sign in there with the same account.",
  phoneCannot:
    "A phone cannot open this address. Ask your IT desk to start ClinicPro Capture for the phones in this network (LAN=1).",
  /** @param {string} address */
  firstTime: (address) => `First time on a phone: ${address}`,

  emptyFirst: "Take the first photo in three steps",
  stepsFirst: [
    "Start a consultation for the patient in front of you.",
    "Scan the code with your phone and sign in with the same account.",
    "Take photos and tap Upload. They appear here by themselves.",
  ],
  emptyConsultation: "No photos yet",
  stepsConsultation: [
    "Scan the code with your phone and sign in with the same account.",
    "Check that the phone shows this consultation.",
    "Take photos and tap Upload. They appear here by themselves.",
  ],
  emptyOther: "No photos in this consultation",
  stepsOther: [
    "Choose “Use for new photos” above, then take photos on the phone and tap Upload there.",
  ],
  emptyClosed: "No photos in this closed consultation",
  stepsClosed: ["Photos still on their way arrive here by themselves, marked late."],
  emptyUnfiled: "Nothing to file",
  stepsUnfiled: ["Photos taken with no consultation open arrive here, until you move them."],

  notes: "Notes",
  notesHint: "Notes for this consultation. They save by themselves.",
  notesConflict: "These notes were also changed on another screen. Nothing is lost yet.",
  notesBoth: "Keep both",
  notesTheirs: "Use the other screen’s",
  saveStates: {
    saved: "Saved",
    editing: "Not saved yet",
    saving: "Saving…",
    failed: "Not saved. Your words are kept here and saved as soon as the server answers.",
    conflict: "Not saved",
  },

  print: "Print",
  /** @param {string} at @param {string} name */
  printed: (at, name) => `Printed ${at} by ${name}. ClinicPro Capture.`,
  noNotes: "No notes.",
  /** @param {number} n */
  missing: (n) =>
    `${photos(n)} could not be loaded and would be missing. Try Print again in a moment.`,

  /** @param {number} n @param {string} ago */
  neverArrived: (n, ago) =>
    `${photos(n)} announced from a phone never arrived. That phone, last heard ${ago}, no longer has ${n === 1 ? "it" : "them"}: the browser there cleared its storage. Everything stored here is safe. Take ${n === 1 ? "it" : "them"} again if you can.`,
  /** @param {number} n @param {string} day @param {{ oneDay: boolean, urgent: boolean }} how */
  stillOnPhone(n, day, { oneDay, urgent }) {
    const taken = oneDay ? `${photos(n)} taken on ${day}` : `${photos(n)}, the oldest of ${day},`;
    const are = n === 1 ? "is" : "are";
    if (!urgent) return `${taken} ${are} still on a phone. Open the app there.`;
    return `${taken} ${are} still on a phone and not stored yet. Open the app there today.`;
  },
  /** @param {number} minutes */
  ago(minutes) {
    const counted = (/** @type {number} */ n, /** @type {string} */ unit) =>
      `${n} ${unit}${n === 1 ? "" : "s"} ago`;
    if (minutes < 1) return "just now";
    if (minutes < 60) return counted(minutes, "minute");
    if (minutes < 1440) return counted(Math.floor(minutes / 60), "hour");
    return counted(Math.floor(minutes / 1440), "day");
  },
  dismiss: "Dismiss",

  live: "Live",
  reconnecting: "Reconnecting",
  polling: "Polling",
  linkHints: {
    live: "New photos appear at once.",
    reconnecting: "The live link was interrupted. New photos may take a moment.",
    polling: "New photos appear within seconds.",
  },
  /** @param {number} n @param {number} all */
  arrived: (n, all) => `${n === 1 ? "New photo" : `${n} new photos`}. ${photos(all)} now.`,
  /** @param {number} n */
  unseen: (n) => (n === 1 ? "1 new photo" : `${n} new photos`),
  /** @param {string} label */
  currentMoved: (label) => `New photos now go to ${label}`,
  movedElsewhere: "Another screen changed this. Is it the patient in front of you?",
  movedFrom: "Before:",
  movedKeep: "Yes, keep it",
  movedBack: "No, go back",

  /** @param {string} label */
  takenDuring: (label) => `Taken while the desktop was on ${label}. Right patient?`,
  takenDuringNone: "Taken while no consultation was open on the desktop. Right patient?",
  /** @param {string} label */
  placeStays: (label) => `Yes keeps it in ${label}.`,
  placeYes: "Yes",
  placeMove: "Move",
  /** @param {string} label */
  placeKept: (label) => `Kept in ${label}`,
  /** @param {string} label */
  notConfirmed: (label) => `Patient not confirmed: taken while the desktop was on ${label}`,
  notConfirmedNone: "Patient not confirmed: taken while no consultation was open on the desktop",
  /** @param {number} n @param {string} label */
  checkElsewhere: (n, label) =>
    `${n === 1 ? "1 photo" : `${n} photos`} in ${label} may show another patient. Please check.`,
  look: "Look",

  /** @param {number} n */
  photo: (n) => `Photo ${n}`,
  /** @param {number} n @param {number} all */
  photoOf: (n, all) => `Photo ${n} of ${all}`,
  noSite: "No body site yet",
  brokenPhoto: "Could not be shown. It is safe on the server and loads again by itself.",
  late: "Late",
  lateHint: "Received after the consultation was closed",
  taken: "Taken",
  received: "Received",
  size: "Size",
  /** @param {string} times @param {string} reported */
  phoneSaid: (times, reported) => `${times} (the phone's clock said ${reported})`,
  /** @param {string} taken @param {string} received */
  bothTimes: (taken, received) => `${taken}, received ${received}`,

  close: "Close",
  previous: "Previous photo",
  next: "Next photo",
  photoPane: "Photo",
  zoomIn: "Zoom in",
  zoomOut: "Zoom out",
  zoomFit: "Fit",
  caption: "Caption",
  bodySite: "Body site",
  bodySites: [
    "scalp",
    "forehead",
    "face",
    "eye",
    "ear",
    "nose",
    "mouth",
    "neck",
    "chest",
    "breast",
    "abdomen",
    "back",
    "shoulder",
    "upper arm",
    "elbow",
    "forearm",
    "wrist",
    "hand",
    "finger",
    "groin",
    "hip",
    "buttock",
    "thigh",
    "knee",
    "lower leg",
    "ankle",
    "foot",
    "toe",
  ],
  side: "Side",
  sides: { "": "Not given", left: "Left", right: "Right", both: "Both sides", midline: "Midline" },
  view: "View",
  views: { "": "Not given", overview: "Overview", regional: "Regional", "close-up": "Close-up" },
  download: "Download",
  moveTo: "Move to…",
  moveLabel: "Consultation",
  moveSearch: "Search by label, identifier or day",
  moveNone: "No consultation with these words.",
  moveSubject: "The photo to move",
  moveFrom: "Now in",
  /** @param {string} at */
  takenAt: (at) => `Taken ${at}`,
  moveHint: "The desktop was on this one when the photo was taken",
  moveAsk: "Move this photo to another consultation?",
  moveText: "The photo leaves this consultation. The move is recorded.",
  move: "Move photo",
  noOther: "There is no other consultation to move it to. Start one first.",
  /** @param {string} label */
  moved: (label) => `Photo moved to ${label}`,
  undo: "Undo",
  delete: "Delete",
  deleteAsk: "Delete this photo?",
  deleteText: "It is removed for good, here and on the server. This cannot be undone.",
  deleteYes: "Delete for good",
  deleted: "Photo deleted.",

  signOut: "Sign out",
  changePassword: "Change password",
  signedOut: "You are signed out. What you typed is kept on this page.",
  signInToContinue: "Sign in to continue",

  /** What was tried, as the start of a sentence. */
  failed: {
    load: "The page could not be brought up to date.",
    start: "The consultation was not started.",
    choose: "New photos still go where they went before.",
    close: "The consultation was not closed.",
    correct: "Nothing was changed.",
    discard: "The consultation was not discarded.",
    confirm: "Your answer was not kept.",
    reopen: "The consultation was not reopened.",
    delete: "The photo was not deleted.",
    move: "The photo was not moved.",
    download: "The photo was not downloaded.",
    signOut: "You are still signed in.",
    dismiss: "The message was not put away.",
  },
  /** Why, and what to do. */
  reasons: {
    unreached:
      "The server did not answer. What is stored is safe. Check the connection and try again.",
    timeout:
      "The server took too long, so this may still happen. What is stored is safe. Look again before you repeat it.",
    signedOut: "Sign in to continue. What is stored is safe.",
    "consultation-closed": "It is closed. Reopen it first, or use another one.",
    "consultation-not-empty": "It holds photos or notes. Close it instead.",
    "label-in-use":
      "An open consultation has the same label. Correct one of the two first, or add a second identifier.",
    "consultation-not-found": "It is no longer there for this account. Reload the page.",
    "photo-not-found": "It is no longer there; it may have been deleted on another screen.",
    "rate-limited": "Too many tries at once. Wait a moment, then try again.",
    "storage-full": "The server has no room left. Nothing stored is lost. Tell your IT desk.",
    other: "Something went wrong on the server. What is stored is safe. Try again in a moment.",
  },
  unsavedNotes: "Your notes are not saved yet, so that nothing is lost. Try again in a moment.",
};
