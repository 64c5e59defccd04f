/** The user is signed out, so there is no token: the way on leads through the sign-in page. */
export class SignedOut extends Error {
  name = "SignedOut";

  constructor() {
    super("The user is signed out.");
  }
}
