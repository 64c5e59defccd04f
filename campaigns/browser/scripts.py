"""What the harness runs in a page to harm what the page stands on."""

EDIT = """([name, work]) => new Promise((resolve, reject) => {
  const opening = indexedDB.open(name);
  opening.onsuccess = () => {
    const database = opening.result;
    const writing = database.transaction("bytes", "readwrite");
    const bytes = writing.objectStore("bytes");
    bytes.getAllKeys().onsuccess = ({target}) => {
      const [photo] = target.result;
      if (work === "missing") bytes.delete(photo);
      else bytes.get(photo).onsuccess = ({target}) => {
        const body = new Uint8Array(target.result);
        body[body.length >> 1] ^= 1;
        bytes.put(body.buffer, photo);
      };
      writing.oncomplete = () => { database.close(); resolve(photo); };
    };
    writing.onabort = () => reject(writing.error);
  };
})"""
LOSE_CONNECTIONS = """() => {
  for (const database of window.harnessConnections) {
    database.close();
    database.dispatchEvent(new Event("close"));
  }
  window.harnessConnections.clear();
}"""
SHIFT = """(shift) => { const now = Date.now; Date.now = () => now() + shift; }"""
