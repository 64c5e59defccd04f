/**
 * What the campaign does inside the phone's pages, with the product's own modules: fills the queue,
 * and makes every page and the worker ask for the lock at once.
 */
(() => {
  const EDGES = [800, 600];
  const START = new BroadcastChannel("campaign-start");

  /** Noise does not compress: each photo weighs what a photo weighs. */
  async function picture() {
    const [width, height] = EDGES;
    const canvas = new OffscreenCanvas(width, height);
    const pen = canvas.getContext("2d");
    const image = pen.createImageData(width, height);
    const noise = new Uint32Array(1024);
    crypto.getRandomValues(noise);
    new Uint32Array(image.data.buffer).forEach((_, i, to) => {
      to[i] = (0xff000000 | noise[(i * 7 + (i >> 9)) & 1023]) >>> 0;
    });
    pen.putImageData(image, 0, 0);
    const blob = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.5 });
    return { bytes: await blob.arrayBuffer(), width, height };
  }

  async function capture(queue, consultationId) {
    const { newPhotoId } = await import("/pwa/queue/photo-record.js");
    const { bytes, width, height } = await picture();
    const owner = (await queue.owner()).id;
    return {
      ...{ photoId: newPhotoId(), owner, consultationId, consultationLabel: "Campaign" },
      ...{ capturedAt: new Date().toISOString(), contentType: "image/jpeg", bytes, width, height },
    };
  }

  /** Photos on their way, each `poisonEvery`-th cut off in its middle; their ids and weight. */
  async function fill({ count, poisonEvery, consultationId }) {
    const { openQueue } = await import("/pwa/queue/queue.js");
    const queue = await openQueue();
    const ids = [];
    const poisoned = [];
    let weight = 0;
    for (let i = 0; i < count; i += 1) {
      const taken = await capture(queue, consultationId);
      const bad = poisonEvery > 0 && i % poisonEvery === 0;
      if (bad) taken.bytes = taken.bytes.slice(0, taken.bytes.byteLength >> 1);
      const { photoId } = await queue.add(taken);
      (bad ? poisoned : ids).push(photoId);
      weight += taken.bytes.byteLength;
    }
    await queue.approve([...ids, ...poisoned]);
    await queue.close();
    return { ids, poisoned, weight };
  }

  const MODULES = [
    "queue/queue",
    "queue/replay/queue-store",
    "queue/replay/replay",
    "queue/replay/uploader",
    "shared/clock",
  ];
  const NO_LOCK = { request: (_name, _options, run) => Promise.resolve(run({ name: "mine" })) };

  /** One replay in this page, as the page itself runs it where there is no worker. */
  async function replayHere(locked) {
    const [{ openQueue }, { QueueStore }, { replay }, { Uploader }, { realClock }] =
      await Promise.all(MODULES.map((name) => import(`/pwa/${name}.js`)));
    const queue = await openQueue();
    // Without a token the upload cookie signs in.
    const credentials = { token: async () => null };
    const network = new Uploader({ fetch: fetch.bind(window), clock: realClock, credentials });
    try {
      return await replay({
        ...{ queueStore: new QueueStore(queue), network, clock: realClock, random: Math.random },
        locks: locked ? navigator.locks : NO_LOCK,
        visible: async () => true,
        signal: new AbortController().signal,
      });
    } finally {
      await queue.close();
    }
  }

  /** Rounds of one photo for which all pages and the worker race; how the replays ended. */
  async function race({ rounds, consultationId, locked }) {
    const ended = {};
    const worker = (await navigator.serviceWorker.ready).active;
    for (let round = 0; round < rounds; round += 1) {
      await fill({ count: locked ? 1 : 3, poisonEvery: 0, consultationId });
      START.postMessage({ locked });
      worker.postMessage({ type: "drain" });
      const outcome = await replayHere(locked);
      ended[outcome] = (ended[outcome] ?? 0) + 1;
      await empty();
    }
    return ended;
  }

  async function empty() {
    const { openQueue } = await import("/pwa/queue/queue.js");
    const queue = await openQueue();
    const owner = (await queue.owner()).id;
    const waits = (photo) => photo.state !== "parked";
    while ((await queue.list(owner)).photos.some(waits)) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await queue.close();
  }

  START.onmessage = ({ data }) => void replayHere(data.locked);
  Object.assign(window, { campaign: { fill, race } });
})();
