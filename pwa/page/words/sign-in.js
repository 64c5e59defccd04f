/** Every word of the sign-in page, in English. A second language is a second file of this shape. */

/** @param {number} seconds */
const waiting = (seconds) =>
  seconds < 60
    ? `${seconds} ${seconds === 1 ? "second" : "seconds"}`
    : `${Math.ceil(seconds / 60)} ${seconds <= 60 ? "minute" : "minutes"}`;

export const signIn = {
  title: "Sign in",
  name: "Name",
  password: "Password",
  signIn: "Sign in",
  signingIn: "Signing in…",
  show: "Show characters",
  capsLock: "Caps Lock is on.",
  forgotten: "Forgotten? Whoever looks after this server can set a new password for you.",
  kept: "Photos that wait on a phone are kept while you are signed out.",

  hosted: "Sign in with your clinic's account.",
  toProvider: "Continue to sign in",

  firstTitle: "Choose your own password",
  firstWhy:
    "The password that was made for you is for this first sign-in only. Photos can be taken as soon as you have chosen your own.",
  changeTitle: "Change password",
  changeWhy: "You stay signed in here, and are signed out everywhere else.",
  current: "Current password",
  new: "New password",
  newHint: "At least 10 characters. Three or four words that you can remember are good.",
  change: "Change password",
  changing: "Changing…",
  changed: "The password is changed.",
  notNow: "Not now",
  somebodyElse: "Sign in as somebody else",
  leaving: "Signing out…",
  goOn: "Continue",

  failed: {
    missingName: "Type your name.",
    missingPassword: "Type your password.",
    tooShort: "The new password needs at least 10 characters.",
    wrong: "The name or the password is not right. Check both and try again.",
    wrongCurrent: "The current password is not right. Nothing was changed.",
    tooMany: (/** @type {number} */ seconds) =>
      `Too many attempts. Wait ${waiting(seconds)}, then try again.`,
    unreached: "The server cannot be reached. Check the connection, then try again.",
    signedOut: "You are signed out. Sign in first, then change the password.",
    other: "That did not work. Nothing was changed. Try again in a moment.",
  },
};
