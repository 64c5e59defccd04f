"""A store that refuses every photo is no photo's fault: one sentence, no "Needs attention", and all photos go
by themselves once it is repaired."""

import re

import pytest
from playwright.sync_api import Page, expect

from e2e.doubles.faults import store_error
from e2e.doubles.proxy import Proxy, answer_with
from e2e.support.clinic import Clinic
from e2e.support.verbs import capture, expect_stored_once, gallery, queue_row, wait_beside
from e2e.support.watch import Watch
from e2e.upload.test_failures import OBJECT, clinic, link, proxy, scene  # noqa: F401

LIMIT_MS = 60_000
SAFE = "Photos wait here and go by themselves once that is mended."


REFUSALS = {
    "an expired role": (store_error(403, "ExpiredToken"), "The photo store refuses all photos."),
    "a proxy's limit": (
        answer_with(413, "<html><h1>413 Request Entity Too Large</h1></html>"),
        "A limit between this phone and the server refuses photos of this size:",
    ),
    "a wrong clock": (
        store_error(403, "RequestTimeTooSkewed"),
        "The photo store refuses photos because the server's clock is wrong.",
    ),
}


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize("refusal", REFUSALS)
def test_what_is_refused_to_all_waits_says_why_and_goes_by_itself(
    clinic: Clinic,  # noqa: F811
    proxy: Proxy,  # noqa: F811
    scene: tuple[Page, Page],  # noqa: F811
    watch: Watch,
    refusal: str,
    count: int,
) -> None:
    """The sentence is shown once, above the rows; each row waits; no tap is needed after the repair."""
    watch.allow("status of 4", "ERR_")
    phone, desktop = scene
    action, sentence = REFUSALS[refusal]
    fault = proxy.fault("PUT", OBJECT, action)

    capture(phone, count)

    reason = phone.locator("#queue-reason")
    expect(reason).to_contain_text(sentence)
    expect(reason).to_contain_text(SAFE)
    # More tries than would park a photo.
    wait_beside(phone, lambda: fault.hits >= 3 + count, "too few tries")
    expect(queue_row(phone, re.compile("^Waiting$|Waiting"))).to_have_count(count)
    expect(queue_row(phone, "Needs attention")).to_have_count(0)
    assert phone.get_by_text(sentence).count() == 1
    proxy.heal()

    expect(phone.get_by_text(f"{count} stored today")).to_be_visible(timeout=LIMIT_MS)
    expect(reason).to_be_hidden()
    gallery(desktop, count)
    expect_stored_once(desktop, clinic, count)
