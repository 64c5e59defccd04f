import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Albums, addedIds } from "../../../pwa/desktop/gallery/albums.js";
import { Desk } from "../../../pwa/desktop/desk.js";
import { emptyKind } from "../../../pwa/desktop/gallery/empty.js";

const unfiled = { id: "u", kind: "unfiled", label: "Unfiled", closedAt: null };
const consultation = (id, more = {}) => ({
  id,
  kind: "visit",
  label: `Room ${id}`,
  closedAt: null,
  ...more,
});
const photo = (id, consultationId = "a") => ({ id, consultationId, url: `/${id}?1` });

/** A server of three routes whose answers a test can change and delay. */
class Server {
  listed = [consultation("a"), consultation("b"), unfiled];
  currentId = "a";
  lists = { a: [photo("1")], b: [], u: [] };
  rev = 1;
  asked = [];
  delays = [];

  async consultations() {
    const answer = { consultations: this.listed, currentId: this.currentId };
    await this.delays.shift();
    return answer;
  }

  async photos(id, etag) {
    this.asked.push([id, etag]);
    const answer = { data: { photos: this.lists[id] }, etag: `"${this.rev}"` };
    await this.delays.shift();
    return etag === answer.etag ? { status: 304, data: null, etag } : { status: 200, ...answer };
  }

  async choose(id) {
    this.currentId = id;
  }

  async start({ label }) {
    const made = { ...consultation("c"), label };
    this.listed = [made, ...this.listed];
    this.lists.c = [];
    this.currentId = "c";
    return made;
  }

  async change(id, { closed }) {
    const changed = { ...consultation(id), closedAt: closed ? "2026-11-22T10:00:00Z" : null };
    this.listed = this.listed.map((old) => (old.id === id ? changed : old));
    // A consultation that was current when it was closed is so again.
    if (closed && this.currentId === id) [this.currentId, this.left] = [null, id];
    if (!closed && this.left === id) this.currentId = id;
    return changed;
  }

  async remove() {}

  async move(id, consultationId) {
    return { id, consultationId };
  }
}

async function open(server = new Server()) {
  const desk = new Desk(server, () => 0);
  const events = [];
  for (const name of ["arrived", "moved"]) {
    desk.addEventListener(name, ({ detail }) => events.push([name, detail.id ?? detail]));
  }
  await desk.refresh();
  return { server, desk, events };
}

const ids = (photos) => photos.map(({ id }) => id);

describe("added photos", () => {
  it("are what was not there before, in the server's order", () => {
    const before = [photo("1"), photo("2")];

    assert.deepEqual(addedIds(before, [photo("3"), photo("1"), photo("4")]), ["3", "4"]);
    assert.deepEqual(addedIds(before, before), []);
  });
});

describe("the desk", () => {
  it("shows the current consultation first", async () => {
    const { desk } = await open();

    assert.equal(desk.shownId, "a");
    assert.deepEqual(ids(desk.photos), ["1"]);
  });

  it("reports photos that arrive, never those of the first fetch", async () => {
    const { server, desk, events } = await open();
    server.lists.a = [photo("1"), photo("2")];
    server.rev++;

    await desk.refresh();

    assert.deepEqual(events, [["arrived", ["2"]]]);
  });

  it("asks with the ETag it has and keeps its list on a 304", async () => {
    const { server, desk } = await open();

    await desk.refresh();

    assert.deepEqual(server.asked.at(-1), ["a", '"1"']);
    assert.deepEqual(ids(desk.photos), ["1"]);
  });

  it("looks at another consultation without changing where new photos go", async () => {
    const { server, desk } = await open();

    await desk.show("b");

    assert.equal(desk.shown.id, "b");
    assert.equal(desk.current.id, "a");
    assert.equal(server.currentId, "a");
  });

  it("changes where new photos go only once the server has confirmed it", async () => {
    const { server, desk } = await open();
    server.choose = () => Promise.reject(new Error("no answer"));

    await assert.rejects(desk.choose(consultation("b")));

    assert.equal(desk.current.id, "a");
  });

  it("chooses no consultation for the unfiled one, which takes the photos then", async () => {
    const { server, desk } = await open();

    await desk.choose(unfiled);

    assert.equal(server.currentId, null);
    assert.equal(desk.current.id, "u");
  });

  it("shows a consultation it has started, as the current one", async () => {
    const { desk } = await open();

    await desk.start({ label: "Room 9", secondIdentifier: null });

    assert.equal(desk.shown.label, "Room 9");
    assert.equal(desk.current.id, desk.shown.id);
  });

  it("has started a consultation although its photos cannot be listed yet", async () => {
    const { server, desk } = await open();
    server.photos = () => Promise.reject(new Error("no answer"));

    await desk.start({ label: "Room 9", secondIdentifier: null });

    assert.equal(desk.shown.label, "Room 9");
    assert.equal(desk.photos, null);
  });

  it("names a consultation once when a list was quicker than the answer to its start", async () => {
    const { server, desk } = await open();
    const start = server.start.bind(server);
    server.start = async (identity) => {
      const made = await start(identity);
      await desk.refresh();
      return made;
    };

    await desk.start({ label: "Room 9", secondIdentifier: null });

    assert.deepEqual(ids(desk.consultations), ["c", "a", "b", "u"]);
  });

  it("shows nothing before the promise that it is given", async () => {
    const desk = new Desk(new Server(), () => 0);
    let release;

    const looking = desk.refresh(new Promise((done) => (release = done)));
    await new Promise(setImmediate);
    assert.deepEqual(desk.consultations, []);
    release();
    await looking;

    assert.equal(desk.shownId, "a");
  });

  it("reopens the consultation that was current without blaming another screen", async () => {
    const { server, desk, events } = await open();
    await desk.close("a", true);
    await desk.close("a", false);

    assert.equal(server.currentId, "a");
    assert.equal(desk.current?.id, "a");
    assert.deepEqual(events, []);
  });

  it("reports when another screen has moved the current consultation, and stays where it is", async () => {
    const { server, desk, events } = await open();
    server.currentId = "b";

    await desk.refresh();

    assert.deepEqual(events, [["moved", "b"]]);
    assert.equal(desk.shownId, "a");
  });

  it("does not call its own changes a move from elsewhere", async () => {
    const { desk, events } = await open();

    await desk.choose(consultation("b"));
    await desk.close("b", true);
    await desk.refresh();

    assert.deepEqual(events, []);
  });

  it("drops an older answer that comes after a newer one", async () => {
    const { server, desk } = await open();
    let release;
    server.delays = [new Promise((done) => (release = done))];
    const slow = desk.refreshPhotos();
    server.lists.a = [photo("1"), photo("2")];
    server.rev++;
    await desk.refreshPhotos();

    release();
    await slow;

    assert.deepEqual(ids(desk.photos), ["1", "2"]);
  });

  it("takes a deleted photo off the list, whatever an answer under way still says", async () => {
    const { server, desk } = await open();
    let release;
    server.delays = [new Promise((done) => (release = done))];
    server.rev++;
    const slow = desk.refreshPhotos();

    const removal = desk.remove(photo("1"));
    server.lists.a = [];
    await removal;
    release();
    await slow;

    assert.deepEqual(desk.photos, []);
  });
});

describe("a photo that was described", () => {
  it("keeps the addresses that its pictures came from", async () => {
    const { server, desk } = await open();
    const before = { ...photo("1"), thumbnailUrl: "/1.thumb?1" };
    server.lists.a = [before];
    server.rev++;
    await desk.refresh();

    desk.replacePhoto({ ...before, caption: "c", url: "/1?2", thumbnailUrl: "/1.thumb?2" });

    assert.deepEqual(desk.photos, [{ ...before, caption: "c" }]);
  });
});

describe("a photo that cannot be shown", () => {
  it("is fetched again once per window of five minutes, without the ETag", async () => {
    let now = 0;
    const server = new Server();
    const albums = new Albums(server, () => now);
    await albums.refresh("a");

    assert.equal(albums.mayRefetch("a"), true);
    await albums.refresh("a");
    assert.deepEqual(server.asked.at(-1), ["a", undefined]);
    assert.equal(albums.mayRefetch("a"), false);
    now = 5 * 60_000;
    assert.equal(albums.mayRefetch("a"), true);
  });
});

describe("what stands in place of photos", () => {
  const all = [consultation("a"), unfiled];
  const kind = (more) =>
    emptyKind({
      consultations: all,
      shown: consultation("a"),
      current: consultation("a"),
      photos: [],
      ...more,
    });

  it("leads to the next step of where one is", () => {
    assert.equal(kind({ consultations: [unfiled], shown: unfiled, current: unfiled }), "First");
    assert.equal(kind({}), "Consultation");
    assert.equal(kind({ current: consultation("b") }), "Other");
    assert.equal(
      kind({ shown: consultation("a", { closedAt: "2026-11-22T10:00:00Z" }) }),
      "Closed",
    );
    assert.equal(kind({ shown: unfiled }), "Unfiled");
  });

  it("says nothing while photos are there or not yet known", () => {
    assert.equal(kind({ photos: [photo("1")] }), null);
    assert.equal(kind({ photos: null }), null);
  });
});
