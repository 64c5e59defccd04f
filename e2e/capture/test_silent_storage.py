"""Storage that does not answer: the page says so instead of staying blank, and goes on once it does."""

from playwright.sync_api import Page, expect

from e2e.support.clinic import Clinic
from e2e.support.verbs import (
    capture,
    expect_state,
    expect_stored_once,
    open_consultation_on_both,
    stored_today,
)

# What WebKit leaves behind when it ends a worker in the middle of a transaction.
LOCK = """new Promise((locked) => {
  const opening = indexedDB.open("clinicpro-capture");
  opening.onsuccess = () => {
    const tx = opening.result.transaction(["photos", "meta"], "readwrite");
    const again = () => window.free || (tx.objectStore("meta").get("any").onsuccess = again);
    again();
    tx.oncomplete = () => opening.result.close();
    locked();
  };
})"""


def test_a_page_whose_storage_is_silent_says_what_helps_and_goes_on_when_it_answers(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """Another page locks the database; once it is unlocked, photos are taken and stored as always."""
    open_consultation_on_both(clinic, phone, desktop)
    other = phone.context.new_page()
    other.goto("/trust")
    other.evaluate(LOCK)

    phone.goto("/mobile")
    expect(phone.get_by_text("This phone's storage does not answer.")).to_be_visible(timeout=30_000)
    expect_state(phone, "error")
    other.evaluate("window.free = true")

    expect(phone.get_by_role("heading", name="Room 2")).to_be_visible(timeout=30_000)
    capture(phone, 1)
    stored_today(phone, 1)
    expect_stored_once(desktop, clinic, 1)
