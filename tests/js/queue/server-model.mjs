/**
 * A server outside the code under test: objects, rows and receipts as the contract has them, and a
 * transport that can lose any request or any answer. The tests ask it, never the phone, what became
 * of a photo.
 */
import { CONSULTATION, receiptFor, sha256, signed } from "./support.mjs";

export class ServerModel {
  /** @type {Map<string, any>} */
  rows = new Map();
  /** @type {Map<string, string[]>} each write of an object, by photo id */
  objects = new Map();
  putsAtOnce = 0;
  mostPutsAtOnce = 0;

  /** Whether the photo is committed with an object of the same hash. */
  holds({ photoId, sha256: hash }) {
    const row = this.rows.get(photoId);
    return row?.state === "stored" && this.objects.get(photoId)?.at(-1) === hash;
  }

  /** What the server does with one request; the answer may still be lost. */
  async handle(url, init) {
    const photoId = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(url.replaceAll(CONSULTATION, ""))?.[0];
    if (url.startsWith("https://store.test/")) return this.#put(photoId, init);
    const body = init.body ? JSON.parse(init.body) : null;
    if (url.endsWith("/presign")) return this.#presign(body.photos);
    if (url.endsWith("/complete")) return this.#complete(photoId, body);
    return this.#delete(photoId);
  }

  #presign(photos) {
    return ours(200, {
      results: photos.map((photo) => {
        const row = this.rows.get(photo.photoId) ?? { ...photo, state: "pending" };
        this.rows.set(photo.photoId, row);
        return row.state === "pending"
          ? signed(photo)
          : {
              photoId: photo.photoId,
              receipt: receiptFor(photo.photoId, row, { state: row.state }),
            };
      }),
    });
  }

  async #put(photoId, init) {
    this.putsAtOnce += 1;
    this.mostPutsAtOnce = Math.max(this.mostPutsAtOnce, this.putsAtOnce);
    const hash = sha256(await init.body.arrayBuffer());
    this.putsAtOnce -= 1;
    if (this.objects.has(photoId)) return new Response(null, { status: 412 });
    this.objects.set(photoId, [hash]);
    return new Response(null, { status: 200 });
  }

  #complete(photoId, claim) {
    const row = this.rows.get(photoId);
    if (!row) return problem(404, "photo-not-found");
    const same = row.sha256 === claim.sha256 && row.consultationId === claim.consultationId;
    if (!same || row.owner !== claim.owner) return problem(409, "photo-conflict");
    if (row.state === "deleted") return ours(200, receiptFor(photoId, row, { state: "deleted" }));
    if (!this.objects.has(photoId)) return problem(409, "not-uploaded");
    if (this.objects.get(photoId)[0] !== row.sha256) return problem(422, "checksum-mismatch");
    row.state = "stored";
    return ours(200, receiptFor(photoId, row));
  }

  #delete(photoId) {
    const row = this.rows.get(photoId);
    if (!row) return problem(404, "photo-not-found");
    row.state = "deleted";
    this.objects.delete(photoId);
    return ours(200, receiptFor(photoId, row, { state: "deleted" }));
  }
}

const ours = (status, body) =>
  new Response(JSON.stringify(body), { status, headers: { "X-CP-Server": "capture/1" } });

const problem = (status, code) => ours(status, { status, code });
