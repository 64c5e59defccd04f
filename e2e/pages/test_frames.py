"""Right to left, and with the system's own colours: every control's frame is whole and touches no other."""

import pytest
from playwright.sync_api import Page, expect

from e2e.support.clinic import Clinic
from e2e.support.verbs import (
    capture,
    gallery,
    open_camera,
    open_consultation_on_both,
    review,
    stored_today,
    take,
)

# Controls whose frame is cut by the edge of the screen or of a card, or that touch another one.
CROWDED = """() => {
  const shown = [...document.querySelectorAll("button, a.button")].filter((one) => one.checkVisibility()
    && one.closest("dialog") === document.querySelector("dialog[open]"));
  const named = (one) => one.innerText.trim() || one.ariaLabel || one.id;
  const box = (one) => one.getBoundingClientRect();
  const cut = shown.filter((one) => {
    const { left, right } = box(one);
    return left < 0 || right > document.documentElement.clientWidth + 0.5;
  });
  const touching = shown.flatMap((one, at) => shown.slice(at + 1)
    .filter((other) => other.parentElement === one.parentElement)
    .filter((other) => {
      const [a, b] = [box(one), box(other)];
      const apart = Math.max(a.left - b.right, b.left - a.right, a.top - b.bottom, b.top - a.bottom);
      return apart < 4;
    })
    .map((other) => `${named(one)} | ${named(other)}`));
  return [...cut.map(named), ...touching];
}"""


def crowded(page: Page) -> list[str]:
    """What is cut or touches, by name."""
    found: list[str] = page.evaluate(CROWDED)
    return found


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_every_control_keeps_its_frame(clinic: Clinic, phone: Page, desktop: Page, direction: str) -> None:
    """Home, review, the question before a deletion; gallery and one photo on the desktop."""
    open_consultation_on_both(clinic, phone, desktop)
    for page in (phone, desktop):
        page.emulate_media(forced_colors="active")
        page.evaluate("direction => { document.documentElement.dir = direction }", direction)
    capture(phone, 1)
    stored_today(phone, 1)
    gallery(desktop, 1)
    found = {"home": crowded(phone), "gallery": crowded(desktop)}
    open_camera(phone)
    take(phone, 2)
    items = review(phone, 2)
    found["review"] = crowded(phone)
    items.first.get_by_role("button", name="Delete").click()
    expect(phone.get_by_role("dialog")).to_be_visible()
    found["question"] = crowded(phone)
    phone.get_by_role("dialog").get_by_role("button", name="Keep it").click()
    desktop.get_by_role("list", name="Photos").get_by_role("button").first.click()
    expect(desktop.get_by_role("dialog")).to_be_visible()
    found["photo"] = crowded(desktop)

    assert {screen: names for screen, names in found.items() if names} == {}

    # The control: one button pushed onto its neighbour, and one over the edge.
    phone.locator(".acts button").first.evaluate("one => { one.style.marginInline = '-2rem' }")
    desktop.keyboard.press("Escape")
    desktop.locator("#print").evaluate("one => { one.style.inlineSize = '200vw' }")
    assert crowded(phone) != []
    assert crowded(desktop) != []


def test_back_and_next_point_along_the_line_of_reading(clinic: Clinic, phone: Page, desktop: Page) -> None:
    """The drawings turn with the direction; the cross and the camera do not."""
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 1)
    review(phone, 1)
    turned = """selector => new DOMMatrix(getComputedStyle(document.querySelector(selector)).transform).a"""
    back, close = "#back-to-camera .icon", "#leave-review .icon"
    assert (phone.evaluate(turned, back), phone.evaluate(turned, close)) == (1, 1)
    phone.evaluate("document.documentElement.dir = 'rtl'")

    assert (phone.evaluate(turned, back), phone.evaluate(turned, close)) == (-1, 1)
