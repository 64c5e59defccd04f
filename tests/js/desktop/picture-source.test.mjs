import assert from "node:assert/strict";
import { describe, it } from "node:test";

import { PictureSource } from "../../../pwa/desktop/gallery/picture-source.js";

const photo = (window = 1) => ({ url: `/p?${window}`, thumbnailUrl: `/p.thumb?${window}` });

/** A source that was offered these addresses, and the last answer. */
function offered(...all) {
  const source = new PictureSource();
  let shown = null;
  for (const addresses of all) shown = source.offer(addresses) ?? shown;
  return { source, shown };
}

describe("what a tile shows", () => {
  it("is the thumbnail, which is not the photo", () => {
    const { source, shown } = offered(photo());

    assert.equal(shown, "/p.thumb?1");
    assert.equal(source.isPhoto, false);
  });

  for (const [name, addresses] of [
    ["a photo without one", { url: "/p?1", thumbnailUrl: null }],
    ["a server of before", { url: "/p?1" }],
  ])
    it(`is the photo itself for ${name}`, () => {
      const { source, shown } = offered(addresses);

      assert.equal(shown, "/p?1");
      assert.equal(source.isPhoto, true);
    });

  it("stays where it is when the addresses are signed again", () => {
    const { source } = offered(photo(1));

    assert.equal(source.offer(photo(2)), null);
    assert.equal(source.offer({ url: "/p?3" }), null);
  });

  it("falls back to the photo, by its newest address", () => {
    const { source } = offered(photo(1), photo(2));

    assert.equal(source.failed(), "/p?2");
    assert.equal(source.isPhoto, true);
    assert.equal(source.offer(photo(3)), null);
  });

  it("is broken when neither loads, and begins again with the next addresses", () => {
    const { source } = offered(photo(1));
    source.failed();

    assert.equal(source.failed(), null);
    assert.equal(source.offer(photo(1)), null);
    assert.equal(source.offer(photo(2)), "/p.thumb?2");
    assert.equal(source.isPhoto, false);
  });

  it("tries addresses that came while the old ones were loading", () => {
    const { source } = offered({ url: "/p?1" });
    source.offer({ url: "/p?2" });

    assert.equal(source.failed(), "/p?2");
    assert.equal(source.failed(), null);
  });

  it("has nothing to try before the first addresses", () => {
    assert.equal(new PictureSource().failed(), null);
  });
});
