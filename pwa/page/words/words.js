/** The whole catalogue by page family. A page imports its own file, so that no phone loads the desktop's words. */
export { desktop } from "./desktop.js";
export { phone } from "./phone.js";
export { signIn } from "./sign-in.js";
