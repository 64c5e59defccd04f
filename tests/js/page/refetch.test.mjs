import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createRefetcher, watchPage } from "../../../pwa/page/signals/refetch.js";
import { TestClock } from "../clock.mjs";

/** A refetcher in virtual time; `fetches` are the times at which it fetched. */
function begin({ status = "live", takes = 0, fails = () => false, random = () => 0.5 } = {}) {
  const time = new TestClock();
  const fetches = [];
  let most = 0;
  let running = 0;
  const fetchNow = async () => {
    fetches.push(time.now());
    most = Math.max(most, ++running);
    if (takes) await new Promise((done) => time.after(takes, done));
    running -= 1;
    if (fails()) throw new Error("not reached");
  };
  const refetcher = createRefetcher({ fetchNow, clock: time, random });
  refetcher.setStatus(status);
  refetcher.start();
  return { time, fetches, refetcher, most: () => most };
}

/** The same, long after the first fetch, with the times of later fetches counted from now. */
async function idle(options) {
  const begun = begin(options);
  await begun.time.pass(1_000);
  const zero = begun.time.now();
  begun.fetches.length = 0;
  return { ...begun, later: () => begun.fetches.map((at) => at - zero) };
}

describe("a refetcher that receives signals", () => {
  it("fetches at the start without waiting for a signal", async () => {
    const { time, fetches } = begin({ status: "reconnecting" });

    await time.pass(0);

    assert.deepEqual(fetches, [0]);
  });

  it("fetches at once on a signal after a quiet time", async () => {
    const { time, refetcher, later } = await idle();

    refetcher.request();
    await time.pass(0);

    assert.deepEqual(later(), [0]);
  });

  it("makes four fetches of ten signals 100 ms apart", async () => {
    const { time, refetcher, later } = await idle();

    for (let signal = 0; signal < 10; signal++) {
      refetcher.request();
      await time.pass(100);
    }
    await time.pass(5_000);

    assert.deepEqual(later(), [0, 400, 800, 1200]);
  });

  it("makes two fetches of twenty signals at once", async () => {
    const { time, refetcher, later } = await idle({ takes: 50 });

    for (let signal = 0; signal < 20; signal++) refetcher.request();
    await time.pass(5_000);

    assert.deepEqual(later(), [0, 400]);
  });

  it("never runs two fetches side by side, and fetches once more after a signal in between", async () => {
    const { time, refetcher, fetches, most } = begin({ takes: 1_000 });
    await time.pass(2_000);

    refetcher.request();
    await time.pass(500);
    refetcher.request();
    refetcher.request();
    await time.pass(9_000);

    assert.deepEqual(fetches, [0, 2_000, 3_000]);
    assert.equal(most(), 1);
  });

  it("fetches nothing after it was stopped, and leaves no timer behind", async () => {
    const { time, refetcher, later } = await idle();

    refetcher.stop();
    refetcher.request();
    refetcher.setStatus("polling");
    await time.pass(600_000);

    assert.deepEqual(later(), []);
    assert.equal(time.waiting, 0);
  });
});

describe("a refetcher without signals", () => {
  it("fetches every two minutes while live, in case one was lost", async () => {
    const { time, fetches } = begin();

    await time.pass(361_000);

    assert.deepEqual(fetches, [0, 120_000, 240_000, 360_000]);
  });

  it("polls every 5 s once the link has been gone for 3 s", async () => {
    const { time, refetcher, later } = await idle();

    refetcher.setStatus("reconnecting");
    await time.pass(19_000);

    assert.deepEqual(later(), [3_000, 8_000, 13_000, 18_000]);
  });

  it("does not poll for a link that is back within 3 s", async () => {
    const { time, refetcher, later } = await idle();

    refetcher.setStatus("reconnecting");
    await time.pass(2_900);
    refetcher.setStatus("live");
    await time.pass(60_000);

    assert.deepEqual(later(), []);
  });

  it("stops polling when the link is back", async () => {
    const { time, refetcher, later } = await idle();

    refetcher.setStatus("reconnecting");
    await time.pass(9_000);
    refetcher.setStatus("live");
    await time.pass(60_000);

    assert.deepEqual(later(), [3_000, 8_000]);
  });

  it("polls from the start when the link never comes", async () => {
    const { time, fetches } = begin({ status: "reconnecting" });

    await time.pass(14_000);

    assert.deepEqual(fetches, [0, 3_000, 8_000, 13_000]);
  });

  it("polls at once when the status is polling", async () => {
    const { time, refetcher, later } = await idle();

    refetcher.setStatus("polling");
    await time.pass(1);

    assert.deepEqual(later(), [0]);
  });

  for (const [random, wait] of [
    [0, 30_000],
    [1, 60_000],
  ]) {
    it(`polls after ${wait / 1000} s in the background, for a random number of ${random}`, async () => {
      const { time, refetcher, fetches } = await idle({ random: () => random });
      refetcher.setStatus("polling");
      await time.pass(1_000);

      refetcher.setVisible(false);
      await time.pass(200_000);

      const gaps = fetches.slice(1).map((at, index) => at - fetches[index]);
      assert.ok(Math.abs(gaps.at(-1) - wait) < 2, `${gaps}`);
    });
  }

  it("fetches at once when the page comes into view", async () => {
    const { time, refetcher, later } = await idle({ status: "polling" });
    refetcher.setVisible(false);
    await time.pass(10_000);

    refetcher.setVisible(true);
    await time.pass(0);

    assert.equal(later().at(-1), 10_000);
  });

  it("backs off while fetching fails, up to a minute, and recovers with the first success", async () => {
    let broken = true;
    const { time, fetches } = begin({ status: "polling", fails: () => broken });

    await time.pass(300_000);
    const gaps = fetches.slice(1).map((at, index) => at - fetches[index]);
    broken = false;
    await time.pass(61_000);
    const before = fetches.length;
    await time.pass(20_000);

    assert.deepEqual(gaps.slice(0, 4), [10_000, 20_000, 40_000, 60_000]);
    assert.ok(gaps.every((gap) => gap <= 60_000));
    assert.ok(fetches.length - before >= 3);
  });

  it("tries again soon when a fetch fails on a live link", async () => {
    let failures = 1;
    const { time, fetches } = begin({ fails: () => failures-- > 0 });

    await time.pass(30_000);

    assert.deepEqual(fetches, [0, 10_000]);
  });

  it("does not poll in step with other pages", async () => {
    const first = begin({ status: "polling", random: () => 0.1 });
    const second = begin({ status: "polling", random: () => 0.9 });

    await first.time.pass(20_000);
    await second.time.pass(20_000);

    assert.notDeepEqual(first.fetches.slice(1), second.fetches.slice(1));
  });
});

describe("a page that is watched", () => {
  it("asks again when it is online, shown or returned to", async () => {
    const page = Object.assign(new EventTarget(), {
      document: Object.assign(new EventTarget(), { visibilityState: "visible" }),
    });
    const asked = [];
    const refetcher = {
      request: () => asked.push("request"),
      setVisible: (visible) => asked.push(visible),
    };

    watchPage(refetcher, page);
    page.document.visibilityState = "hidden";
    page.document.dispatchEvent(new Event("visibilitychange"));
    page.dispatchEvent(new Event("online"));
    page.dispatchEvent(new Event("pageshow"));

    assert.deepEqual(asked, [true, false, "request", "request"]);
  });
});
