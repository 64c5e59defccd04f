// Evaluated in a page; answers milliseconds. `how` is one of
// - floor: bare PUTs to `store`, one after the other, of bytes that lie ready in memory;
// - modules: the phone's own queue and replay in this page, against a server that does nothing;
// - product: the phone's page and its worker, against the real server.
async ({ how, store, count, pictures, owner, consultationId }) => {
  const bodies = pictures.map(
    (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer,
  );

  const captureOf = (number, photoId) => ({
    photoId,
    owner,
    consultationId,
    consultationLabel: "Bench",
    capturedAt: new Date().toISOString(),
    contentType: "image/jpeg",
    bytes: bodies[number % bodies.length].slice(0),
    width: 800,
    height: 600,
  });

  async function save(queue) {
    const { newPhotoId } = await import("/pwa/queue/photo-record.js");
    const began = performance.now();
    const ids = [];
    for (let number = 0; number < count; number++) {
      ids.push(newPhotoId());
      await queue.add(captureOf(number, ids.at(-1)));
    }
    return { ids, saving: performance.now() - began };
  }

  async function floor() {
    const headers = {
      "Content-Type": "image/jpeg",
      "x-amz-server-side-encryption": "AES256",
      "x-amz-checksum-sha256": "A".repeat(43) + "=",
      "If-None-Match": "*",
      "Cache-Control": "private, max-age=31536000, immutable",
    };
    const began = performance.now();
    for (let number = 0; number < count; number++) {
      const body = new Blob([bodies[number % bodies.length]], { type: "image/jpeg" });
      const url = `${store}/photos/${crypto.randomUUID()}`;
      const answer = await fetch(url, { method: "PUT", headers, body, credentials: "omit" });
      if (!answer.ok) throw new Error(`the sink answered ${answer.status}`);
    }
    return { saving: 0, sending: performance.now() - began };
  }

  async function modules() {
    const [{ openQueue }, { QueueStore }, { Uploader }, { realClock }, { replay }] =
      await Promise.all(
        [
          "queue/queue",
          "queue/replay/queue-store",
          "queue/replay/uploader",
          "shared/clock",
          "queue/replay/replay",
        ].map((name) => import(`/pwa/${name}.js`)),
      );
    const queue = await openQueue();
    await queue.setOwner({ id: owner, name: null });
    const { ids, saving } = await save(queue);
    const began = performance.now();
    await queue.approve(ids);
    const send = (url, init) => fetch(init.method === "PUT" ? store + url : url, init);
    const outcome = await replay({
      queueStore: new QueueStore(queue),
      network: new Uploader({
        fetch: send,
        clock: realClock,
        credentials: { token: async () => "token" },
      }),
      locks: navigator.locks,
      clock: realClock,
      random: Math.random,
      visible: async () => true,
      signal: new AbortController().signal,
      wait: true,
    });
    const sending = performance.now() - began;
    await queue.close();
    if (outcome !== "drained") throw new Error(`the replay ended ${outcome}`);
    return { saving, sending };
  }

  async function product() {
    const { openQueue } = await import("/pwa/queue/queue.js");
    const queue = await openQueue();
    const receipts = () =>
      queue.database.read(["receipts"], (tx) => tx.objectStore("receipts").count());
    const before = await receipts();
    const { ids, saving } = await save(queue);
    const began = performance.now();
    const stored = new Promise((resolve) =>
      queue.watch(async () => (await receipts()) >= before + count && resolve()),
    );
    await queue.approve(ids);
    (await navigator.serviceWorker.ready).active.postMessage({ type: "drain" });
    await stored;
    const sending = performance.now() - began;
    await queue.close();
    return { saving, sending };
  }

  return { floor, modules, product }[how]();
};
