/** The whole catalogue by page family. A page imports its own file, so that no phone loads the desktop's words. */
export { desktop } from "./words-desktop.js";
export { phone } from "./words-phone.js";
export { signIn } from "./words-sign-in.js";
