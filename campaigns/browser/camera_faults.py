"""Faults of the camera and the platform under the page: frames that stop, calls that never return."""

from collections.abc import Iterator

from playwright.sync_api import expect

from campaigns.browser.cells import Cell
from campaigns.browser.setting import Setting

STANDS_STILL = "The camera's picture stands still"
SLOW_MS = 30_000
STOP_FRAMES = """() => {
  const video = HTMLVideoElement.prototype;
  const ask = video.requestVideoFrameCallback;
  const stopped = [];
  video.requestVideoFrameCallback = function (run) { return stopped.push([this, run]); };
  window.harnessFrames = () => {
    video.requestVideoFrameCallback = ask;
    for (const [one, run] of stopped) ask.call(one, run);
  };
}"""
SILENCE = """() => {
  const never = () => new Promise(() => {});
  for (const name of ["estimate", "persist", "persisted"]) navigator.storage[name] = never;
  navigator.wakeLock.request = never;
  MediaStreamTrack.prototype.applyConstraints = never;
}"""


def frames_stop(setting: Setting, _: Cell) -> Iterator[None]:
    """The track lives and shows nothing new: the shutter is off and says why, and comes back by itself."""
    page = setting.phone.page
    page.evaluate(STOP_FRAMES)
    expect(page.locator("#camera-message")).to_contain_text(STANDS_STILL, timeout=SLOW_MS)
    expect(page.get_by_role("button", name="Take photo")).to_be_disabled()
    page.evaluate("harnessFrames()")
    expect(page.get_by_role("button", name="Take photo")).to_be_enabled(timeout=SLOW_MS)
    yield
    yield


def platform_silent(setting: Setting, _: Cell) -> Iterator[None]:
    """Storage estimates, the wake lock and the lens never return: no photo waits for them."""
    setting.phone.page.evaluate(SILENCE)
    yield
    yield
