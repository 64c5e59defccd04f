/** Nobody is signed in, so there is no token to be had: the way on leads through the sign-in page. */
export class SignedOut extends Error {
  name = "SignedOut";

  constructor() {
    super("Nobody is signed in.");
  }
}
