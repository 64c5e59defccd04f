/** Every sentence of the phone's pages; a second language is one more file like this. */

/** @param {number} count @param {string} one @param {string} [many] */
const counted = (count, one, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

/** @param {number} ms */
const span = (ms) => {
  const minutes = Math.round(Math.abs(ms) / 60_000);
  if (minutes < 120) return counted(minutes, "minute");
  if (minutes < 48 * 60) return counted(Math.round(minutes / 60), "hour");
  const days = Math.round(minutes / 1440);
  return days < 730 ? counted(days, "day") : counted(Math.round(days / 365.25), "year");
};

const KEPT = "Photos wait here and go by themselves once that is mended.";
const STORE_REFUSES = `The photo store refuses all photos. ${KEPT} Tell whoever runs the server.`;

export const phone = {
  noConsultation: "No consultation",
  noConsultationOpen: "No consultation open",
  opened: (/** @type {string} */ time) => `Opened ${time} on the desktop`,
  openedAt: (/** @type {string} */ time) => `opened ${time}`,
  taken: (/** @type {string} */ time) => `taken ${time}`,
  numbered: (/** @type {string} */ end) => `No. …${end}`,
  followed: (/** @type {string} */ label) =>
    `The desktop opened ${label}. This phone is on it too.`,
  goUnfiled: "Photos are kept as Unfiled for now.",
  linkUp: "Connected to the server",
  linkDown: "No connection to the server",
  menu: "Menu",
  openCamera: "Open camera",
  camera: "Camera",
  closeCamera: "Close camera",
  choosePhotos: "Choose photos",
  choosePhotosHint: "Your phone may keep its own copy of these",
  takePhoto: "Take photo",
  review: (/** @type {number} */ n) => `Review (${n})`,
  reviewTitle: "Review",
  photosToReview: "Photos to review",
  nothingToReview: "No photos to review. Open the camera to take one.",
  notUploaded: (/** @type {number} */ n) => `${counted(n, "photo")} not uploaded yet`,
  upload: (/** @type {number} */ n) => `Upload ${counted(n, "photo")}`,
  uploadFor: (/** @type {number} */ n, /** @type {number} */ patients) =>
    `Upload ${counted(n, "photo")} of ${patients} patients`,
  each: (/** @type {number} */ n, /** @type {string} */ name) => `${n} for ${name}`,
  uploadQueue: "Upload queue",
  uploadProgress: "Upload progress",
  progress: (/** @type {number} */ stored, /** @type {number} */ all) =>
    `${stored} of ${all} stored`,
  storedToday: (/** @type {number} */ n) => `${n} stored today`,
  sendNow: "Send now",
  nextTry: (/** @type {number} */ seconds) => `Next try in ${seconds} s`,
  overdueDay: (/** @type {number} */ n) =>
    `${counted(n, "photo")} ${n === 1 ? "has" : "have"} waited here for more than a day. Connect this phone and keep this page open until all are stored.`,
  overdueThreeDays: (/** @type {number} */ n) =>
    `${counted(n, "photo")} ${n === 1 ? "has" : "have"} waited here for more than three days and may be on this phone only. Connect it today and keep this page open until all are stored.`,
  others: (/** @type {number} */ n) =>
    `${counted(n, "photo")} of another person ${n === 1 ? "is" : "are"} kept on this phone until they sign in.`,
  ownerless: (/** @type {number} */ n) =>
    `${counted(n, "photo")} ${n === 1 ? "waits here until its" : "wait here until their"} owner signs in.`,

  photoAt: (/** @type {number} */ n, /** @type {string} */ time) => `Photo ${n}, ${time}`,
  include: (/** @type {string} */ name) => `Upload ${name}`,
  enlarge: (/** @type {string} */ name) => `Look at ${name}`,
  zoomIn: "Zoom in",
  zoomOut: "Zoom out",
  close: "Close",
  closeReview: "Close review",
  delete: "Delete",
  retake: "Retake",
  replacing: "Saving the new photo…",
  blurry: "Looks blurred",
  dark: "Looks dark",
  damaged: "The file looks damaged",
  deleteTitle: "Delete this photo?",
  deleteText: "It is erased from this phone and cannot be brought back.",
  keepPhoto: "Keep it",
  retaking: (/** @type {string} */ time) =>
    `Retaking the photo of ${time}. The old one stays until the new one is saved.`,

  saved: "Saved on this phone",
  kept: (/** @type {number} */ n) => `Saved on this phone, ${n} to review`,
  deleted: (/** @type {number} */ n) => `Photo deleted, ${n} to review`,
  allSaved: (/** @type {number} */ n) => `${counted(n, "photo")} · Saved on this phone`,
  sending: "Sending",
  waiting: "Waiting for connection",
  retrying: (/** @type {number} */ seconds, /** @type {number} */ attempt) =>
    `Retrying in ${seconds} s${attempt ? ` (attempt ${attempt})` : ""}`,
  signInToContinue: "Sign in to continue",
  attention: (/** @type {string} */ reason) => `Needs attention: ${reason}`,
  stored: "Stored",
  deleting: "Deleting when connected",
  more: "More",
  retry: "Retry",
  saveCopy: "Save a copy",
  cancel: "Cancel",
  keptText: "The photo is kept on this phone. No other photo is held up by it.",
  reasons: {
    "consultation-not-found": "its consultation is not on the server",
    "consultation-closed": "its consultation is closed",
    "photo-conflict": "the server knows another photo by its number",
    "checksum-mismatch": "it was damaged on the way",
    "invalid-image": "the server could not read it",
    "invalid-field": "the server did not accept its details",
    "too-large": "it is too large",
    "other-owner": "it belongs to another person and waits for their sign-in",
    "store-403": "the photo store refused it",
    "store-400": "the photo store refused it",
    "store-4xx": "the photo store refused it",
    "store-refused": "the photo store refused it",
    "store-clock": "the photo store refused it",
    "store-not-encrypted": "the photo store does not show that it is encrypted",
    "size-refused": "a limit between this phone and the server refuses photos of this size",
    blocked: "something between this phone and the photo store refused it",
    "not-stored": "it did not reach the photo store, while others did",
    "record-damaged": "it is damaged on this phone",
    "receipt-mismatch": "the server's receipt does not match",
  },
  refused: "the server did not accept it",
  waitingForAll: "Waiting",
  /** Why no photo goes at all, where time alone does not end it; the photos are safe and go by themselves. */
  pauses: {
    "store-400": STORE_REFUSES,
    "store-403": STORE_REFUSES,
    "store-4xx": STORE_REFUSES,
    "store-refused": STORE_REFUSES,
    "store-unavailable": `The server cannot use the photo store right now. ${KEPT} If this stays, tell whoever runs the server.`,
    "store-not-encrypted": `The photo store does not show that it encrypts photos. ${KEPT} Tell whoever runs the server.`,
    "store-clock": `The photo store refuses photos because the server's clock is wrong. ${KEPT} Tell whoever runs the server.`,
    "store-unreachable": `This phone reaches the server but not the photo store. ${KEPT} If this stays, ask the IT desk whether this network blocks it.`,
    "size-refused": `A limit between this phone and the server refuses photos of this size: ask the IT desk to let uploads of 4 MB through. ${KEPT}`,
    blocked: `Something between this phone and the photo store refuses photos, such as a filter of this network. ${KEPT} Ask the IT desk, or use another network.`,
    "not-ours": `Something on this network answers in place of the server, such as its sign-in page. ${KEPT} Open any web page and sign in to the network, or use another one.`,
    "storage-full": `The server's storage is full. ${KEPT} Tell whoever runs the server.`,
    "host-not-allowed": `The server does not take photos under this address. ${KEPT} Open the address in the QR code on the desktop.`,
    "cross-site": `The server does not take photos from this page. ${KEPT} Open the address in the QR code on the desktop.`,
    "sign-in-refused": `The server does not accept this sign-in. ${KEPT} Sign in again. If this stays, tell whoever runs the server: its sign-in settings or its clock may be wrong.`,
  },
  refusedAll: `The server does not accept photos right now. ${KEPT} Reload this page. If this stays, tell whoever runs the server.`,

  movedTo: (/** @type {string} */ label) => `The desktop is now on ${label}`,
  closedOnDesktop: (/** @type {string} */ label) => `${label} was closed on the desktop`,
  takesNoMore: "It takes no new photos. Those already taken are kept and sent.",
  cameraOn: (/** @type {string} */ label) => `This phone is on ${label}`,
  belongTo: (/** @type {string} */ label) => `These photos belong to ${label}`,
  keep: (/** @type {string} */ label) => `Keep ${label}`,
  switchTo: (/** @type {string} */ label) => `Switch to ${label}`,
  stale: (/** @type {string} */ label, /** @type {string} */ age) =>
    `${label} was last confirmed ${age}. Is it still the right consultation?`,
  asking: "Asking the server which consultation is open…",
  photosFor: (/** @type {string} */ label) =>
    `Photos for ${label}? The desktop could not be asked.`,
  yes: (/** @type {string} */ label) => `Yes, ${label}`,
  use: (/** @type {string} */ label) => `Use ${label}`,
  carryOnUnfiled: "Carry on as Unfiled",
  reopen: (/** @type {string} */ label) => `Reopen ${label}`,
  notReopened: (/** @type {string} */ label) =>
    `${label} could not be reopened, because the server did not answer. Try again when this phone is connected.`,
  reopenRefused: (/** @type {string} */ label, /** @type {string} */ why) =>
    `${label} was not reopened. ${why}`,
  takenAfterMove: (/** @type {number} */ n) =>
    `${counted(n, "photo")} ${n === 1 ? "was" : "were"} taken after the desktop moved. ${n === 1 ? "It belongs" : "They belong"} to:`,
  oneByOne: "Decide one by one",
  notSentUnanswered: (/** @type {number} */ n) =>
    `Nothing was uploaded. Say first to whom ${n === 1 ? "the photo belongs" : "the photos belong"}, then tap Upload again.`,
  decline: "No consultation",
  ago: (/** @type {number} */ minutes) =>
    minutes < 60
      ? `${counted(minutes, "minute")} ago`
      : minutes < 1440
        ? `${counted(Math.floor(minutes / 60), "hour")} ago`
        : `${counted(Math.floor(minutes / 1440), "day")} ago`,
  longAgo: "some time ago",
  clockWrong: (/** @type {number} */ ms) =>
    `This phone's clock is wrong by ${span(ms)}. Photos get the server's time.`,

  torch: "Torch",
  zoom: (/** @type {number} */ factor) => `${factor}×`,
  zoomName: (/** @type {number} */ factor) => `${factor}× zoom`,
  viewfinder: "Camera picture. Tap to focus.",
  cameraStarting: "Starting the camera…",
  offlineFirst: "Connect this phone to the network once, to sign in.",
  signedOutOffline: "You are signed out. Connect this phone to sign in.",
  cameraStopped: "The camera was interrupted. Starting it again…",
  cameraSlow: "The camera takes long to start. If the browser asks for it, allow it.",
  cameraTap: "This browser shows the camera only after a tap.",
  tapToStart: "Tap to start the camera",
  cameraBlank:
    "The camera shows no picture yet, only one colour. Look whether something covers the lens.",
  cameraStill:
    "The camera's picture stands still, so no photo is taken. It goes on when the picture moves again.",
  cameraProblems: {
    changed:
      "This browser changes the pixels of pictures, so no photo from it can be trusted. Switch off its protection against fingerprinting for this page, or use another browser.",
    denied:
      "The camera is not allowed for this page. Allow it in the browser's settings, then tap Try again.",
    missing: "No camera was found. Use a phone that has one.",
    busy: "Another app is using the camera. Close that app, then tap Try again.",
    unsupported:
      "This browser gives no camera to this address. Open the https address of this page.",
  },
  orChoose: "Or choose photos instead.",
  almostFull:
    "This phone's storage is almost full. Review and upload the photos that wait here, then take more.",
  almostFullNoReview:
    "This phone's storage is almost full. Keep this page open until the photos that wait are stored, or free some space.",
  shutterRefused: {
    asked: "No photo was taken. Answer the question first.",
    camera: "No photo was taken. The camera was not ready. Tap again.",
    room: "No photo was taken. This phone's storage is almost full.",
    saving:
      "No photo was taken, because the last ones are still being saved. Tap again in a moment.",
  },
  choosing: (/** @type {number} */ done, /** @type {number} */ all) =>
    `Saving chosen photos: ${done} of ${all}`,
  notAdded: (/** @type {number} */ n) =>
    `${counted(n, "chosen photo")} ${n === 1 ? "was" : "were"} not added. Tap Choose photos to add ${n === 1 ? "it" : "them"} again.`,
  notKept: (/** @type {number} */ lost, /** @type {number} */ all) =>
    `${lost} of ${counted(all, "chosen photo")} ${lost === 1 ? "was" : "were"} not kept, because the page was closed first. Choose ${lost === 1 ? "it" : "them"} again.`,
  alreadyHere: (/** @type {string} */ name) =>
    `${name} is already on this phone for this consultation. It is kept once.`,
  alreadyStored: (/** @type {string} */ name) =>
    `${name} is already stored in this consultation. It is here once more: delete it in review unless you want it twice.`,
  retakeOriginalSent:
    "The photo you retook had been sent from another tab. Both are kept: delete the old one on the desktop if it is not needed.",
  retakeOriginalGone: "The photo you retook had been deleted in another tab. The new one is kept.",
  retakeOriginalBusy:
    "The photo you retook is being sent now. Both are kept: delete the old one on the desktop if it is not needed.",
  deleteBusy:
    "This photo is being sent now and was not deleted. Delete it on the desktop once it is stored.",
  deleteFailed: "This photo was not deleted. It is still on this phone. Try again.",
  retryFailed: "This photo could not be tried again now. It is still on this phone. Try again.",
  uploadFailed:
    "The photos could not be put on their way. They are still here for review. Tap Upload again.",
  copyFailed: "No copy could be saved. The photo is still on this phone. Try again.",
  fileFailed: (/** @type {string} */ name) =>
    `${name} could not be added. The other photos are safe. Choose it again.`,
  photoFailed: "That photo could not be made. Nothing else is affected. Take it again.",
  tooLong: (/** @type {string} */ name, /** @type {string} */ from, /** @type {string} */ to) =>
    `${name} was not added: it is ${from} pixels, and made smaller only ${to} of them would be left. Cut out the part that matters and choose that.`,
  pixelsChanged:
    "That photo was not saved: this browser changes the pixels of pictures, so it cannot be trusted. Switch off its protection against fingerprinting for this page, or use another browser.",
  undecodable: (/** @type {string} */ name) =>
    `${name} could not be opened by this browser. The other photos are safe. Choose a JPEG instead, or take a photo.`,

  errorTitle: "Photos cannot be taken now",
  storageFailed: (/** @type {number} */ n) =>
    n
      ? `This phone could not save ${counted(n, "photo")}. ${n === 1 ? "It is" : "They are"} held only while this page stays open. Free some space, then tap Try again.`
      : "This browser lets the page store nothing, so no photo would be safe. Leave private browsing or free some space, then tap Try again.",
  storageSilent:
    "This phone's storage does not answer. Photos kept here are still here. Close this app and its browser completely, then open it again.",
  tryAgain: "Try again",

  signInTitle: (/** @type {number} */ n) =>
    n
      ? `Sign in to continue. ${counted(n, "photo")} ${n === 1 ? "is" : "are"} kept on this phone.`
      : "Sign in to continue.",
  signIn: "Sign in",
  signOut: "Sign out",
  changePassword: "Change password",
  signedInAs: (/** @type {string} */ name) => `Signed in as ${name}`,
  signOutTitle: (/** @type {number} */ n) => `${counted(n, "photo")} not stored yet`,
  signOutText: (
    /** @type {number} */ queued,
    /** @type {number} */ review,
    /** @type {number} */ pending = 0,
  ) =>
    (pending
      ? `${counted(pending, "photo")} ${pending === 1 ? "is" : "are"} still being saved; signing out waits for that. `
      : "") +
    (review
      ? `Nothing is erased. ${queued ? `${counted(queued, "photo")} ${queued === 1 ? "is" : "are"} sent when you sign in on this phone again. ` : ""}${counted(review, "photo")} in review ${review === 1 ? "waits" : "wait"} until you sign in here and tap Upload.`
      : "Nothing is erased: what waits here is sent when you sign in on this phone again."),
  stay: "Stay signed in",

  newVersion: "A new version is ready",
  reload: "Reload",
  install: "Install",
  iosInstall:
    "To keep photos safer here, tap Share, then Add to Home Screen. Send waiting photos first.",
  dismiss: "OK",
  mayBeCleared:
    "This browser may clear saved photos when space runs low. Send them soon, and keep this page open.",
  mayBeClearedLater:
    "This browser may clear saved photos when space runs low. Send photos soon after you take them.",
  keepOpen: "Keep this page open until the photos are stored.",
};
