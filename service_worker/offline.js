/** What a page that needs the network says without one, in the look of the pages that the shell keeps. */

/** The shell's style sheets, and nothing that runs. */
const POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** @returns {Response} */
export function offlineAnswer() {
  const headers = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
  };
  return new Response(PAGE, { status: 503, statusText: "Offline", headers });
}

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
    <meta name="color-scheme" content="light dark" />
    <title>No connection</title>
    <link rel="icon" href="/pwa/icons/icon.svg" type="image/svg+xml" />
    <link rel="stylesheet" href="/pwa/styles/tokens.css" />
    <link rel="stylesheet" href="/pwa/styles/base.css" />
    <link rel="stylesheet" href="/pwa/styles/phone.css" />
  </head>
  <body>
    <main>
      <h1>No connection</h1>
      <p>This page needs a connection. Photos saved on this phone are safe.</p>
      <p>The camera page works without one. Or try again later.</p>
      <a class="button primary" href="/mobile">Open the camera page</a>
    </main>
  </body>
</html>
`;
