"""A browser that translates the page changes its words, never a patient's name, and takes no button away."""

import re
from collections.abc import Callable

from playwright.sync_api import BrowserContext, Locator, Page, expect

from e2e.conftest import DESKTOP
from e2e.doubles.translator import MARK, translate
from e2e.support.clinic import Clinic
from e2e.support.verbs import (
    api,
    expect_state,
    expect_stored_once,
    gallery,
    open_consultation_on_both,
    sign_in,
)
from e2e.support.watch import Watch

# Names that are words, too: a translator would change them.
FIRST, SECOND = "Rosa Weiss 54y", "Jung Klein 31y"
NAMES = ("Rosa", "Weiss", "Jung", "Klein")


def renamed(*pages: Page) -> list[str]:
    """Names that a page shows translated; and that it is translated at all."""
    shown = [page.locator("body").inner_text() for page in pages]
    assert all(MARK in text for text in shown), "the translator did nothing"
    return [name for name in NAMES if any(MARK + name in text for text in shown)]


def press(page: Page, control: Locator) -> None:
    """Press a button where a finger meets it: on the innermost element that stands in it."""
    expect(control).to_be_enabled()
    control.evaluate(
        """button => {
             let inner = button;
             while (inner.lastElementChild && inner.lastElementChild.localName !== "svg")
               inner = inner.lastElementChild;
             inner.click();
           }"""
    )


def test_the_translator_changes_what_nothing_protects(clinic: Clinic, phone: Page) -> None:
    """The control: a name in a plain element is renamed, one that is marked is not."""
    sign_in(phone, clinic)
    translate(phone)
    phone.evaluate(
        """() => {
             for (const [id, translate] of [["plain", true], ["marked", false]]) {
               const line = document.createElement("p");
               document.body.append(Object.assign(line, { id, translate, textContent: "Rosa" }));
             }
           }"""
    )

    expect(phone.locator("#plain")).to_have_text(f"{MARK}Rosa")
    expect(phone.locator("#marked")).to_have_text("Rosa")


def test_a_translated_phone_and_desktop_keep_names_and_answers(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """The camera's question is answered, the photo is sent and filed, and no name is translated."""
    open_consultation_on_both(clinic, phone, desktop, FIRST)
    translate(phone)
    translate(desktop)
    assert renamed(phone, desktop) == []
    press(phone, phone.locator("#open-camera"))
    expect_state(phone, "camera")
    expect(phone.locator("#take-photo")).to_be_enabled()
    phone.locator("#take-photo").click()
    expect(phone.locator("#review-camera")).to_contain_text("(1)")
    press(desktop, desktop.locator("#new-consultation"))
    desktop.locator("#new-label").fill(SECOND)
    press(desktop, desktop.locator("#new-dialog .primary"))
    expect(desktop.locator("h1")).to_have_text(SECOND)

    question = phone.locator("#question")
    expect(question).to_contain_text(SECOND)
    assert renamed(phone, desktop) == []
    press(phone, question.locator("[data-answer=keep]"))
    expect(question).to_be_hidden()
    press(phone, phone.locator("#review-camera"))
    expect_state(phone, "reviewing")
    assert renamed(phone) == []
    press(phone, phone.locator("#upload"))
    expect(phone.locator("#stored-today")).to_contain_text("1", timeout=30_000)
    press(desktop, desktop.locator("#consultation-list").get_by_role("button").filter(has_text=FIRST))
    gallery(desktop, 1)

    assert renamed(phone, desktop) == []
    [row] = expect_stored_once(desktop, clinic, 1)
    [filed] = [one for one in api(desktop, "/api/consultations")["consultations"] if one["label"] == FIRST]
    assert row["filed_in"] == filed["id"]


def test_tabs_and_the_notes_question_answer_in_a_translated_page(
    clinic: Clinic, desk: Page, open_context: Callable[..., BrowserContext], watch: Watch
) -> None:
    """A tab is found from within its translated word, and both notes are kept by the answer."""
    watch.allow("ERR_FAILED")
    other = open_context(**{**DESKTOP, "viewport": {"width": 800, "height": 900}}).new_page()
    sign_in(other, clinic, "/desktop")
    expect(other.get_by_role("heading", name="Room 2")).to_be_visible()
    translate(other)
    press(other, other.locator("#tab-side"))
    notes = other.locator("#notes-text")
    expect(notes).to_be_visible()
    other.route("**/api/consultations/*", lambda route: route.abort())
    notes.fill("seen by the other desk")
    desk.locator("#notes-text").fill("seen here")
    expect(desk.locator("#notes .saved")).to_have_text("Saved")
    other.unroute("**/api/consultations/*")
    other.evaluate("dispatchEvent(new Event('online'))")
    keep_both = other.locator("#notes button[value=both]")
    expect(keep_both).to_be_visible(timeout=30_000)

    press(other, keep_both)

    expect(notes).to_have_value("seen here\n\nseen by the other desk")
    expect(desk.locator("#notes-text")).to_have_value(re.compile("seen by the other desk"), timeout=30_000)
