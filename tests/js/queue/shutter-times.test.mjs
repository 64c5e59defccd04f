/** Photos that were taken before the server's time was known get it before they are sent. */
import assert from "node:assert/strict";
import test from "node:test";

import { checkTimes, correctTimes, lastOffset } from "../../../pwa/queue/shutter-times.js";
import { capture, openPhone } from "./support.mjs";

const TRUE = Date.UTC(2026, 10, 22, 12);
const HOUR = 3_600_000;
const IN_1970 = "1970-01-02T00:00:00.000Z";
const unchecked = () =>
  capture({ capturedAt: IN_1970, deviceCapturedAt: IN_1970, clockUnchecked: true });

test("photos taken before the time was known are corrected once, and no others", async (t) => {
  const { queue } = await openPhone(t);
  const [wrong, right] = [await queue.add(unchecked()), await queue.add(capture())];
  assert.equal(await lastOffset(queue.database), 0);

  assert.equal(await correctTimes(queue.database, TRUE), true);
  assert.equal(await correctTimes(queue.database, HOUR), false);

  const { photos } = await queue.list("anna");
  assert.deepEqual(
    photos.map(({ capturedAt, deviceCapturedAt }) => [capturedAt, deviceCapturedAt]),
    [
      [new Date(Date.parse(IN_1970) + TRUE).toISOString(), IN_1970],
      [right.capturedAt, undefined],
    ],
  );
  assert.equal(wrong.capturedAt, IN_1970);
  assert.equal(await lastOffset(queue.database), HOUR);
});

test("before photos are sent the server is asked for the time, if one needs it", async (t) => {
  const { queue } = await openPhone(t);
  let asked = 0;
  const fetch = async () => {
    asked += 1;
    const inAnHour = new Date(Date.now() + HOUR).toUTCString();
    return new Response(null, { headers: { "X-CP-Server": "capture/1", Date: inAnHour } });
  };
  await queue.add(capture());
  await checkTimes(queue.database, fetch);
  assert.equal(asked, 0);
  await queue.add(unchecked());

  await checkTimes(queue.database, fetch);
  await checkTimes(queue.database, fetch);

  assert.equal(asked, 1);
  assert.ok(Math.abs((await lastOffset(queue.database)) - HOUR) < 2_000);
});

test("without an answer photos are sent with the phone's own time", async (t) => {
  const { queue } = await openPhone(t);
  await queue.add(unchecked());

  await checkTimes(queue.database, () => Promise.reject(new TypeError("Failed to fetch")));

  assert.equal((await queue.list("anna")).photos[0].capturedAt, IN_1970);
});
