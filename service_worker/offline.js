/** What a page that needs the network says without one, in the look of the pages that the shell keeps. */

/** The shell's style sheets, and nothing that runs. */
const POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/**
 * @param {{assets: {url: string}[]}} shell what this worker keeps
 * @returns {Response}
 */
export function offlineAnswer({ assets }) {
  const sheets = assets.map(({ url }) => url).filter((url) => url.endsWith(".css"));
  const headers = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": POLICY,
  };
  return new Response(page(sheets), { status: 503, statusText: "Offline", headers });
}

/** @param {string[]} sheets */
const page = (sheets) => `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
    <meta name="color-scheme" content="light dark" />
    <title>No connection</title>
    <link rel="icon" href="/pwa/icons/icon.svg" type="image/svg+xml" />
    ${sheets.map((url) => `<link rel="stylesheet" href="${url}" />`).join("\n    ")}
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
