/**
 * A holder of the lock that freezes in the middle of something (F26), in virtual time: no replay takes
 * its place before 90 s, and what it does when it thaws changes nothing.
 */
import assert from "node:assert/strict";
import test from "node:test";

import { SILENT_MS } from "../../../pwa/queue/replay/lock.js";
import { Uploader } from "../../../pwa/queue/replay/uploader.js";
import { ServerModel } from "./server-model.mjs";
import { openPhone, until } from "./support.mjs";

const BEAT_MS = 15_000;

/** A link that freezes with its phone at the n-th request, and lets everything through on a thaw. */
class FreezingLink {
  #left;
  #thawed = new Promise((resolve) => (this.thaw = resolve));
  frozen = null;

  constructor(server, requests, arrivesFirst) {
    Object.assign(this, { server, arrivesFirst });
    this.#left = requests;
  }

  fetch = async (url, init) => {
    this.#left -= 1;
    if (this.#left > 0) return this.server.handle(url, init);
    this.frozen = url;
    if (!this.arrivesFirst) await this.#thawed;
    // What the frozen page had sent arrives although its holder is no longer the holder.
    const answer = await this.server.handle(url, init);
    await this.#thawed;
    return answer;
  };
}

const network = (phone, fetch) =>
  new Uploader({ fetch, clock: phone.clock, credentials: { token: async () => "token" } });

async function settled() {
  for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
}

for (const arrivesFirst of [true, false]) {
  for (const requests of [1, 2, 3, 4, 5, 6, 7]) {
    const when = arrivesFirst ? "whose answer waits" : "that has not arrived";
    test(`a holder frozen at request ${requests}, ${when}, is replaced after 90 s and harms nothing`, async (t) => {
      const server = new ServerModel();
      // A frozen process has a clock of its own: none of its timers run.
      const holder = await openPhone(t);
      const records = await holder.take(3);
      const link = new FreezingLink(server, requests, arrivesFirst);
      const replaced = holder.replay({ network: network(holder, link.fetch) });
      await until(() => link.frozen);
      await settled();
      const thief = await openPhone(t, { name: holder.name, locks: holder.locks });
      const next = network(thief, (...args) => server.handle(...args));

      thief.clock.advance(SILENT_MS - 1);
      assert.equal(await thief.replay({ network: next }), "busy");
      thief.clock.advance(BEAT_MS + 1);
      assert.equal(await thief.replay({ network: next }), "drained");
      link.thaw();

      assert.equal(await replaced, "busy");
      await settled();
      assert.deepEqual(await thief.list(), []);
      for (const record of records) {
        assert.ok(server.holds(record));
        assert.equal(server.objects.get(record.photoId).length, 1);
      }
      assert.equal((await thief.queue.list("anna")).storedToday, 3);
    });
  }
}
