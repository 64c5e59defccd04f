import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Albums, newcomers } from "../../pwa/desktop/albums.js";
import { Desk } from "../../pwa/desktop/desk.js";
import { emptyKind } from "../../pwa/desktop/empty.js";

const unfiled = { id: "u", kind: "unfiled", label: "Unfiled", closedAt: null };
const visit = (id, more = {}) => ({
  id,
  kind: "visit",
  label: `Room ${id}`,
  closedAt: null,
  ...more,
});
const photo = (id, consultationId = "a") => ({ id, consultationId, url: `/${id}?1` });

/** A server of three routes whose answers a test can change, and hold back. */
class Server {
  consultations = [visit("a"), visit("b"), unfiled];
  currentId = "a";
  lists = { a: [photo("1")], b: [], u: [] };
  rev = 1;
  asked = [];
  holds = [];

  async visits() {
    const answer = { consultations: this.consultations, currentId: this.currentId };
    await this.holds.shift();
    return answer;
  }

  async photos(id, etag) {
    this.asked.push([id, etag]);
    const answer = { data: { photos: this.lists[id] }, etag: `"${this.rev}"` };
    await this.holds.shift();
    return etag === answer.etag ? { status: 304, data: null, etag } : { status: 200, ...answer };
  }

  async choose(id) {
    this.currentId = id;
  }

  async start({ label }) {
    const made = { ...visit("c"), label };
    this.consultations = [made, ...this.consultations];
    this.lists.c = [];
    this.currentId = "c";
    return made;
  }

  async change(id, { closed }) {
    const changed = { ...visit(id), closedAt: closed ? "2026-11-22T10:00:00Z" : null };
    this.consultations = this.consultations.map((old) => (old.id === id ? changed : old));
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
  const heard = [];
  for (const name of ["arrived", "moved"]) {
    desk.addEventListener(name, ({ detail }) => heard.push([name, detail.id ?? detail]));
  }
  await desk.refresh();
  return { server, desk, heard };
}

const ids = (photos) => photos.map(({ id }) => id);

describe("newcomers", () => {
  it("are what was not there before, in the server's order", () => {
    const before = [photo("1"), photo("2")];

    assert.deepEqual(newcomers(before, [photo("3"), photo("1"), photo("4")]), ["3", "4"]);
    assert.deepEqual(newcomers(before, before), []);
  });
});

describe("the desk", () => {
  it("shows the current consultation first", async () => {
    const { desk } = await open();

    assert.equal(desk.shownId, "a");
    assert.deepEqual(ids(desk.photos), ["1"]);
  });

  it("rings for photos that arrive, never for those of the first look", async () => {
    const { server, desk, heard } = await open();
    server.lists.a = [photo("1"), photo("2")];
    server.rev++;

    await desk.refresh();

    assert.deepEqual(heard, [["arrived", ["2"]]]);
  });

  it("asks with the ETag it holds and keeps its list on a 304", async () => {
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

  it("changes where new photos go only once the server has said so", async () => {
    const { server, desk } = await open();
    server.choose = () => Promise.reject(new Error("no answer"));

    await assert.rejects(desk.choose(visit("b")));

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
    server.start = async (wish) => {
      const made = await start(wish);
      await desk.refresh();
      return made;
    };

    await desk.start({ label: "Room 9", secondIdentifier: null });

    assert.deepEqual(ids(desk.visits), ["c", "a", "b", "u"]);
  });

  it("shows nothing before what it is told to wait for", async () => {
    const desk = new Desk(new Server(), () => 0);
    let release;

    const looking = desk.refresh(new Promise((done) => (release = done)));
    await new Promise(setImmediate);
    assert.deepEqual(desk.visits, []);
    release();
    await looking;

    assert.equal(desk.shownId, "a");
  });

  it("reopens the consultation that was current without blaming another screen", async () => {
    const { server, desk, heard } = await open();
    await desk.close("a", true);
    await desk.close("a", false);

    assert.equal(server.currentId, "a");
    assert.equal(desk.current?.id, "a");
    assert.deepEqual(heard, []);
  });

  it("tells when another screen has moved the current consultation, and stays where it is", async () => {
    const { server, desk, heard } = await open();
    server.currentId = "b";

    await desk.refresh();

    assert.deepEqual(heard, [["moved", "b"]]);
    assert.equal(desk.shownId, "a");
  });

  it("does not call its own changes a move from elsewhere", async () => {
    const { desk, heard } = await open();

    await desk.choose(visit("b"));
    await desk.close("b", true);
    await desk.refresh();

    assert.deepEqual(heard, []);
  });

  it("drops an older answer that comes after a newer one", async () => {
    const { server, desk } = await open();
    let release;
    server.holds = [new Promise((done) => (release = done))];
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
    server.holds = [new Promise((done) => (release = done))];
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

describe("a photo that cannot be shown", () => {
  it("is asked for anew once per window of five minutes, without the ETag", async () => {
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
  const all = [visit("a"), unfiled];
  const kind = (more) =>
    emptyKind({ visits: all, shown: visit("a"), current: visit("a"), photos: [], ...more });

  it("leads to the next step of where one is", () => {
    assert.equal(kind({ visits: [unfiled], shown: unfiled, current: unfiled }), "First");
    assert.equal(kind({}), "Visit");
    assert.equal(kind({ current: visit("b") }), "Other");
    assert.equal(kind({ shown: visit("a", { closedAt: "2026-11-22T10:00:00Z" }) }), "Closed");
    assert.equal(kind({ shown: unfiled }), "Unfiled");
  });

  it("says nothing while photos are there or not yet known", () => {
    assert.equal(kind({ photos: [photo("1")] }), null);
    assert.equal(kind({ photos: null }), null);
  });
});
