// Reports to the harness what this page shows and which bytes it hands to the browser's storage. It is
// put in by the browser before the page's own code and changes nothing that the page can see.
(() => {
  const report = (what) => window.harnessWitness(JSON.stringify(what));
  const put = IDBObjectStore.prototype.put;
  IDBObjectStore.prototype.put = function (value, ...key) {
    if (this.name === "bytes") report({ shutter: key[0], bytes: base64(value) });
    return Reflect.apply(put, this, [value, ...key]);
  };

  // Kept only so that the harness can break a connection as a browser would.
  const open = IDBFactory.prototype.open;
  window.harnessConnections = new Set();
  IDBFactory.prototype.open = function (...what) {
    const opening = Reflect.apply(open, this, what);
    opening.addEventListener("success", () => window.harnessConnections.add(opening.result));
    return opening;
  };

  function base64(buffer) {
    const bytes = new Uint8Array(buffer);
    let text = "";
    for (let start = 0; start < bytes.length; start += 8192)
      text += String.fromCharCode(...bytes.subarray(start, start + 8192));
    return btoa(text);
  }

  // A row keeps its element while its photo is listed: the place at which it was first seen is its name.
  const places = new WeakMap();
  let next = 0;
  let last = "";

  function look() {
    const rows = [...document.querySelectorAll("#upload-queue > li")];
    for (const row of rows) if (!places.has(row)) places.set(row, next++);
    const shown = {
      review: number("#review-camera") || number("#review-home"),
      today: number("#stored-today"),
      rows: rows.map((row) => [places.get(row), row.innerText.replace(/\s+/g, " ")]),
    };
    const text = JSON.stringify(shown);
    if (text !== last) report({ shown });
    last = text;
  }

  function number(selector) {
    const element = document.querySelector(selector);
    const visible = element?.checkVisibility() ?? false;
    return visible ? Number(/\d+/.exec(element.textContent)?.[0] ?? 0) : 0;
  }

  const options = { subtree: true, childList: true, characterData: true, attributes: true };
  new MutationObserver(look).observe(document, options);
})();
