/** What the phone's page makes of the queue's changes: when it probes the link, and what it counts. */
import assert from "node:assert/strict";
import test from "node:test";

import { UploadQueue } from "../../../pwa/capture/upload-queue/upload-queue.js";
import { Store, UNKNOWN } from "../../../pwa/capture/store.js";
import { transition } from "../../../pwa/capture/flow.js";
import { capture, openPhone, receiptFor } from "../queue/support.mjs";

/** A page over a real queue, which counts how often it asks the server. */
async function page(t, state) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { queue, queueStore } = await openPhone(t);
  const store = new Store({ ...UNKNOWN, owner: { id: "anna", name: "Anna" }, ...state });
  const go = (event) => store.set({ flow: transition(store.state.flow, event) });
  const uploadQueue = new UploadQueue(store, queue, go, { drain() {}, signedIn() {} });
  const asked = { times: 0 };
  uploadQueue.askServer = () => (asked.times += 1);
  const add = async (count) => {
    const ids = [];
    for (let n = 0; n < count; n++) ids.push((await queue.add(capture())).photoId);
    await uploadQueue.refresh();
    return ids;
  };
  const arrive = async (photoId) => {
    const photo = store.state.listing.photos.find((one) => one.photoId === photoId);
    await queueStore.markSigned([photoId], "anna");
    assert.equal(await queueStore.settlePhoto(photoId, receiptFor(photoId, photo)), "stored");
    await uploadQueue.refresh();
  };
  const pause = async (status) => {
    await queueStore.writePause(status && { attempt: 1, inMs: 5000, ...status });
    await uploadQueue.refresh();
  };
  return { store, queue, uploadQueue, asked, add, arrive, pause };
}

test("a queue that lost the link has the server asked, once per loss", async (t) => {
  const { store, asked, pause } = await page(t, { linkUp: true });

  await pause({ concerns: "link", reason: "no-answer" });
  await pause({ concerns: "link", reason: "no-answer", attempt: 2 });
  assert.equal(asked.times, 1);

  store.set({ linkUp: false });
  await pause(null);
  await pause({ concerns: "link", reason: "no-answer" });
  assert.equal(asked.times, 1, "a link known to be down needs no asking");

  store.set({ linkUp: true });
  await pause(null);
  await pause({ concerns: "link", reason: "no-answer" });
  assert.equal(asked.times, 2);
});

test("a queue that waits for its user asks nothing", async (t) => {
  const { asked, pause } = await page(t, { linkUp: true });

  await pause({ concerns: "person", reason: "unauthenticated" });

  assert.equal(asked.times, 0);
});

test("a stored photo has the server asked while the link counts as down, and not otherwise", async (t) => {
  const { store, uploadQueue, asked, add, arrive } = await page(t, { linkUp: false });
  const ids = await add(2);
  await uploadQueue.upload(ids);
  assert.equal(asked.times, 0);

  await arrive(ids[0]);
  assert.equal(asked.times, 1);

  store.set({ linkUp: true });
  await arrive(ids[1]);
  assert.equal(asked.times, 1);
});

test("the progress counts older photos that still wait, so that it ends with the queue", async (t) => {
  const { store, queue, uploadQueue, add, arrive } = await page(t, { linkUp: true });
  const first = await add(2);
  await uploadQueue.upload(first);
  await uploadQueue.refresh();
  const second = await add(3);
  await uploadQueue.upload(second);
  assert.deepEqual([store.state.stored.length, store.state.batch.length], [0, 5]);
  assert.deepEqual(
    store.state.flow.batch,
    second,
    "the state of the page speaks of the last Upload",
  );

  await uploadQueue.refresh();
  await arrive(first[0]);
  await arrive(second[0]);
  assert.deepEqual([store.state.stored.length, store.state.batch.length], [2, 5]);

  await queue.remove(first[1]);
  await uploadQueue.refresh();
  assert.deepEqual([store.state.stored.length, store.state.batch.length], [2, 4]);

  const third = await add(1);
  await uploadQueue.upload(third);
  assert.deepEqual([store.state.stored.length, store.state.batch.length], [0, 3]);
});
