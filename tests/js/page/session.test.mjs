/** One contract, checked with the built-in accounts and with Clerk. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";

import { NotReached } from "../../../pwa/shared/http.js";
import { SignedOut } from "../../../pwa/page/session/user-state.js";
import { ANNA, BEN, ClerkWorld, FakeMemory, LIMIT_MS, LocalWorld } from "./session-worlds.mjs";

const MINUTE = 60_000;

for (const [name, Kind] of Object.entries({ "built-in accounts": LocalWorld, Clerk: ClerkWorld })) {
  describe(`a session of ${name}`, () => contract(Kind));
}

function contract(Kind) {
  /** @type {any} */
  let world;
  let memory;

  beforeEach(() => {
    world = new Kind();
    memory = new FakeMemory();
  });

  afterEach(() => mock.timers.reset());

  async function opened(user, remembered = memory) {
    if (user) world.signIn(user);
    const session = world.open(remembered);
    await session.load();
    return session;
  }

  /** Lets a limit pass for something that hangs. */
  async function outwaited(start) {
    mock.timers.enable({ apis: ["setTimeout"] });
    const outcome = start();
    outcome.catch(() => {});
    for (let turn = 0; turn < 5; turn += 1) {
      await new Promise(setImmediate);
      mock.timers.tick(LIMIT_MS + 1);
    }
    return outcome;
  }

  it("starts without a user when signed out", async () => {
    const session = await opened(null);

    assert.equal(session.user(), null);
    await assert.rejects(session.getToken(), SignedOut);
  });

  it("knows the signed-in user, and remembers it on the phone", async () => {
    const session = await opened(ANNA);

    assert.deepEqual(session.user(), ANNA);
    assert.deepEqual([memory.kept.id, memory.kept.name], [ANNA.id, ANNA.name]);
  });

  it("works without a memory", async () => {
    const session = await opened(ANNA, null);

    assert.deepEqual(session.user(), ANNA);
    assert.ok(await session.getToken());
  });

  it("keeps a token while it lasts", async () => {
    const session = await opened(ANNA);
    const first = await session.getToken();
    world.now += 40_000;

    assert.equal(await session.getToken(), first);
  });

  it("renews a token before it runs out", async () => {
    const session = await opened(ANNA);
    const first = await session.getToken();
    world.now += 51_000;

    assert.notEqual(await session.getToken(), first);
  });

  it("gets a fresh token on demand", async () => {
    const session = await opened(ANNA);
    const first = await session.getToken();

    assert.notEqual(await session.getToken({ fresh: true }), first);
  });

  it("notices that the server has ended the session", async () => {
    const session = await opened(ANNA);
    const seen = [];
    session.onChange((user) => seen.push(user));
    world.revoke();
    world.now += MINUTE;

    await assert.rejects(session.getToken(), SignedOut);
    assert.equal(session.user(), null);
    assert.deepEqual(seen, [null]);
  });

  it("calls no listener that has stopped listening", async () => {
    const session = await opened(ANNA);
    const seen = [];
    session.onChange((user) => seen.push(user))();
    await session.signOut();

    assert.deepEqual(seen, []);
  });

  it("does not take a broken link for a sign-out", async () => {
    const session = await opened(ANNA);
    world.link = "down";
    world.now += MINUTE;

    await assert.rejects(session.getToken(), NotReached);
    assert.deepEqual(session.user(), ANNA);
    world.link = "up";
    assert.ok(await session.getToken());
  });

  it("does not wait without end for a token", async () => {
    const session = await opened(ANNA);
    world.link = "hang";
    world.now += MINUTE;

    await assert.rejects(
      outwaited(() => session.getToken()),
      NotReached,
    );
  });

  it("starts without a link for the user it remembers", async () => {
    await opened(ANNA);
    world.link = "down";

    assert.deepEqual((await opened(null)).user(), ANNA);
  });

  it("starts on a hanging link for the user it remembers", async () => {
    await opened(ANNA);
    world.link = "hang";
    const session = world.open(memory);

    await outwaited(() => session.load());
    assert.deepEqual(session.user(), ANNA);
  });

  it("starts without a link and without a user when none is remembered", async () => {
    world.link = "down";

    assert.equal((await opened(null)).user(), null);
  });

  it("signs out for good", async () => {
    const session = await opened(ANNA);
    await session.signOut();

    assert.equal(session.user(), null);
    await assert.rejects(session.getToken(), SignedOut);
    assert.equal(world.alive, false);
    assert.equal((await opened(null)).user(), null);
  });

  it("remembers a sign-out while the server is out of reach", async () => {
    const session = await opened(ANNA);
    await session.signOut();
    world.link = "down";

    assert.equal((await opened(null)).user(), null);
  });

  it("finishes at the next start a sign-out made without a link", async () => {
    const session = await opened(ANNA);
    world.link = "down";
    await session.signOut();
    assert.equal(session.user(), null);
    assert.equal(world.alive, true);
    world.link = "up";
    const next = await opened(null);

    assert.equal(next.user(), null);
    await assert.rejects(next.getToken(), SignedOut);
    assert.equal(world.alive, false);
    assert.equal(memory.kept.pendingSignOut, undefined);
  });

  it("stays signed out through starts without a link", async () => {
    const session = await opened(ANNA);
    world.link = "down";
    await session.signOut();
    await opened(null);
    assert.equal((await opened(null)).user(), null);
    world.link = "up";

    assert.equal((await opened(null)).user(), null);
  });

  it("lets the next user in after a sign-out made without a link", async () => {
    const session = await opened(ANNA);
    world.link = "down";
    await session.signOut();
    world.link = "up";
    const next = await opened(BEN);

    assert.deepEqual(next.user(), BEN);
    assert.ok(await next.getToken());
    assert.equal(world.alive, true);
  });

  it("throws when a sign-out without link and memory did not happen", async () => {
    const session = await opened(ANNA, null);
    world.link = "down";

    await assert.rejects(session.signOut(), NotReached);
    assert.deepEqual(session.user(), ANNA);
  });
}

describe("a session of the built-in accounts, besides", () => {
  it("asks once for many token requests at one time", async () => {
    const world = new LocalWorld();
    world.signIn(ANNA);
    const session = world.open(null);

    const tokens = await Promise.all(Array.from({ length: 20 }, () => session.getToken()));

    assert.equal(new Set(tokens).size, 1);
    assert.equal(world.tokens, 1);
  });

  it("notices another user who signed in beside it", async () => {
    const world = new LocalWorld();
    world.signIn(ANNA);
    const session = world.open(null);
    await session.load();
    const seen = [];
    session.onChange((user) => seen.push(user?.id));
    world.signIn(BEN);
    world.now += MINUTE;
    await session.getToken();

    assert.deepEqual(seen, [BEN.id]);
  });

  it("is not signed in again by an answer that comes after the sign-out", async () => {
    const world = new LocalWorld();
    world.signIn(ANNA);
    const session = world.open(null);
    await session.load();
    const late = session.getToken({ fresh: true });
    await session.signOut();

    await assert.rejects(late, SignedOut);
    assert.equal(session.user(), null);
  });
});

describe("a session of Clerk, besides", () => {
  it("ends background uploads before the session that could end them", async () => {
    const world = new ClerkWorld();
    world.signIn(ANNA);
    const session = world.open(new FakeMemory());
    await session.load();
    await session.signOut();

    assert.equal(world.uploads, false);
  });

  it("would be undone by the next start without the lock", async () => {
    const world = new ClerkWorld();
    world.signIn(ANNA);
    const memory = new FakeMemory();
    await world.open(memory).load();
    world.link = "down";
    world.cookie = null;
    world.link = "up";
    const next = world.open(null);
    await next.load();

    assert.deepEqual(next.user(), ANNA, "the control: Clerk alone signs the same user in again");
  });
});
