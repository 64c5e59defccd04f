import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Autosave, Conflict } from "../../../pwa/desktop/notes/autosave.js";
import { DraftBox, Drafts } from "../../../pwa/desktop/notes/drafts.js";
import { NotesKeeper } from "../../../pwa/desktop/notes/notes.js";
import { TestClock } from "../clock.mjs";

/** An autosave in virtual time; `answers` decides about each save in turn. */
function begin(answers = []) {
  const time = new TestClock();
  const sent = [];
  const states = [];
  const send = async (fields) => {
    sent.push(fields);
    await answers.shift()?.();
  };
  const save = new Autosave(send, () => states.push(save.state), time);
  return { time, sent, states, save };
}

const fails = () => Promise.reject(new Error("no answer"));

describe("typing", () => {
  it("is saved once, a moment after the last keystroke", async () => {
    const { time, sent, save, states } = begin();

    save.edit({ notes: "a" });
    await time.pass(500);
    save.edit({ notes: "ab" });
    await time.pass(799);
    assert.deepEqual(sent, []);
    await time.pass(1);

    assert.deepEqual(sent, [{ notes: "ab" }]);
    assert.deepEqual(states, ["editing", "editing", "saving", "saved"]);
  });

  it("goes on during a save and is saved after it", async () => {
    let finish;
    const { time, sent, save } = begin([() => new Promise((done) => (finish = done))]);
    save.edit({ notes: "a" });
    await time.pass(800);
    save.edit({ notes: "ab" });

    finish();
    await time.pass(800);

    assert.deepEqual(sent, [{ notes: "a" }, { notes: "ab" }]);
    assert.equal(save.state, "saved");
  });

  it("is kept when saving fails, and saved again by itself", async () => {
    const { time, sent, save } = begin([fails]);
    save.edit({ notes: "a" });
    await time.pass(800);
    assert.equal(save.state, "failed");
    assert.deepEqual(save.unsaved, { notes: "a" });

    await time.pass(10_000);

    assert.deepEqual(sent, [{ notes: "a" }, { notes: "a" }]);
    assert.equal(save.state, "saved");
  });

  it("is saved at once when leaving, and says whether that worked", async () => {
    const { save } = begin([fails]);
    save.edit({ caption: "a" });

    assert.equal(await save.flush(), false);
    assert.equal(await save.flush(), true);
    assert.equal(save.dirty, false);
  });

  it("sends only the fields that changed, together", async () => {
    const { sent, save } = begin();
    save.edit({ side: "left" });
    save.edit({ view: "overview" });

    await save.flush();

    assert.deepEqual(sent, [{ side: "left", view: "overview" }]);
  });

  it("waits for the user after a conflict, then goes on with what was decided", async () => {
    const { time, sent, save } = begin([() => Promise.reject(new Conflict("theirs"))]);
    save.edit({ notes: "mine" });
    await time.pass(800);
    save.edit({ notes: "mine too" });
    await time.pass(60_000);
    assert.equal(save.state, "conflict");
    assert.equal(sent.length, 1);

    save.resolve({ notes: "both" });
    await time.pass(800);

    assert.deepEqual(sent.at(-1), { notes: "both" });
    assert.equal(save.state, "saved");
  });
});

/** Session storage as the page sees it. */
function memoryStorage() {
  const items = new Map();
  return {
    items,
    getItem: (name) => items.get(name) ?? null,
    setItem: (name, value) => items.set(name, value),
    removeItem: (name) => items.delete(name),
  };
}

describe("texts that could not be saved", () => {
  async function failed(storage) {
    const time = new TestClock();
    const drafts = new Drafts(fails, time);
    drafts.restore(new DraftBox(storage, "notes", "kaya"));
    drafts.edit("a", { notes: "typed" });
    await time.pass(800);
  }

  it("survive a reload for the same account", async () => {
    const storage = memoryStorage();
    await failed(storage);

    const next = new Drafts(async () => {}, new TestClock());
    next.restore(new DraftBox(storage, "notes", "kaya"));

    assert.deepEqual(next.unsaved("a"), { notes: "typed" });
  });

  it("are back before the event that lets fields take text", () => {
    const drafts = new Drafts(async () => {}, new TestClock());
    const seen = [];
    drafts.addEventListener("restored", () => seen.push(drafts.isRestored));
    assert.equal(drafts.isRestored, false);

    drafts.restore(new DraftBox(memoryStorage(), "notes", "kaya"));

    assert.deepEqual(seen, [true]);
  });

  it("are not shown to another account", async () => {
    const storage = memoryStorage();
    await failed(storage);

    const next = new Drafts(async () => {}, new TestClock());
    next.restore(new DraftBox(storage, "notes", "other"));

    assert.deepEqual(next.unsaved("a"), {});
  });

  it("leave the browser's storage once they are saved", async () => {
    const storage = memoryStorage();
    await failed(storage);
    assert.equal(storage.items.size, 1);
    const next = new Drafts(async () => {}, new TestClock());
    next.restore(new DraftBox(storage, "notes", "kaya"));

    assert.equal(await next.flush(), true);

    assert.equal(storage.items.size, 0);
  });
});

describe("notes", () => {
  /** A server that has `text`, and a keeper that started from `known`. */
  function keeping(text, known) {
    const server = {
      text,
      consultation: async () => ({ id: "a", notes: server.text }),
      change: async (id, { notes }) => ({ id, notes: (server.text = notes) }),
    };
    const saved = [];
    const keeper = new NotesKeeper(server, (consultation) => saved.push(consultation.notes));
    if (known !== undefined) keeper.startFrom("a", known);
    return { server, keeper, saved };
  }

  it("are saved over the text they started from", async () => {
    const { server, keeper, saved } = keeping("old", "old");

    await keeper.save("a", { notes: "new" });
    await keeper.save("a", { notes: "newer" });

    assert.equal(server.text, "newer");
    assert.deepEqual(saved, ["new", "newer"]);
  });

  it("never overwrite what another screen has written since", async () => {
    const { server, keeper } = keeping("theirs", "old");

    await assert.rejects(keeper.save("a", { notes: "mine" }), { theirs: "theirs" });

    assert.equal(server.text, "theirs");
  });

  it("are kept with the text they started from, which is valid after a reload", async () => {
    const { keeper } = keeping("old and more", "old and more");
    const kept = keeper.fields("a", "old");
    const after = keeping("old and more", undefined);
    const late = keeping("theirs", undefined);

    await after.keeper.save("a", kept);
    await assert.rejects(late.keeper.save("a", kept), { theirs: "theirs" });

    assert.equal(after.server.text, "old");
    assert.equal(late.server.text, "theirs");
  });

  it("are saved where they contain all that another screen wrote", async () => {
    const { server, keeper } = keeping("start", undefined);

    await keeper.save("a", { notes: "start and more" });

    assert.equal(server.text, "start and more");
  });
});
