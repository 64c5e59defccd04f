/** What a page that needs the network says without one. */

/** @returns {Response} */
export function offlineAnswer() {
  const headers = { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store" };
  return new Response(PAGE, { status: 503, statusText: "Offline", headers });
}

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>No connection</title>
  </head>
  <body>
    <main>
      <h1>No connection</h1>
      <p>This page needs a connection. Photos saved on this phone are safe.</p>
      <p><a href="/mobile">Open the camera page</a>, which works without one, or try again later.</p>
    </main>
  </body>
</html>
`;
