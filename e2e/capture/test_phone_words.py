"""What the phone says at each step is true at that step."""

from playwright.sync_api import Page, expect

from e2e.support.clinic import Clinic
from e2e.support.verbs import (
    capture,
    open_camera,
    open_consultation_on_both,
    queue_row,
    review,
    start_consultation,
    stored_today,
    take,
    upload,
)
from e2e.support.watch import Watch

NO_LINK = r"ERR_INTERNET_DISCONNECTED|Failed to fetch"
LONG_LABEL = (
    "Room 2 · left forearm, second check after the biopsy of the first of March, seen with Dr Ott · J.S. 54y"
)


def test_saved_is_said_where_the_photo_is_taken_and_where_it_is_reviewed(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """The sentence is on the screen, and a retake leaves the number as it was."""
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 2)
    expect(phone.locator("#camera-saved")).to_have_text("2 photos · Saved on this phone")
    expect(phone.locator("#voice")).to_have_text("Saved on this phone, 2 to review")

    cards = review(phone, 2)
    expect(phone.locator("#review-saved")).to_have_text("2 photos · Saved on this phone")
    old = cards.first.get_attribute("data-photo")
    cards.first.get_by_role("button", name="Retake").click()
    phone.evaluate("document.getElementById('voice').textContent = ''")
    expect(phone.get_by_role("button", name="Take photo")).to_be_enabled()
    phone.get_by_role("button", name="Take photo").click()

    expect(phone.locator(f'#to-review [data-photo="{old}"]')).to_have_count(0)
    expect(cards).to_have_count(2)
    expect(phone.locator("#voice")).to_have_text("Saved on this phone, 2 to review")


def test_what_is_read_out_stays_true(clinic: Clinic, phone: Page, desktop: Page) -> None:
    """A deletion is said with what is left, and the message is gone for a later reading."""
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 3)
    cards = review(phone, 3)
    cards.first.get_by_role("button", name="Delete").click()
    phone.get_by_role("dialog").get_by_role("button", name="Delete").click()

    expect(cards).to_have_count(2)
    expect(phone.locator("#voice")).to_have_text("Photo deleted, 2 to review")
    expect(phone.locator("#voice")).to_have_text("")


def test_both_consultations_stand_out_in_the_camera_s_question(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """The decision is made by the two names."""
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 1)
    start_consultation(desktop, "Room 3")

    question = phone.get_by_role("group").get_by_role("paragraph")
    expect(question).to_have_text("The desktop is now on Room 3 These photos belong to Room 2")
    expect(question.get_by_role("strong")).to_have_text(["Room 3", "Room 2"])


def test_signing_out_counts_what_waits_for_review_apart(clinic: Clinic, phone: Page, desktop: Page) -> None:
    """Photos in review are not sent by a sign-in, so the dialog does not promise it."""
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 2)
    phone.get_by_role("button", name="Close camera").click()
    phone.get_by_role("button", name="Menu").click()
    phone.get_by_role("dialog").get_by_role("button", name="Sign out").click()

    dialog = phone.get_by_role("dialog").filter(has_text="2 photos not stored yet")
    expect(dialog).to_contain_text("2 photos in review wait until you sign in here and tap Upload.")


def test_photos_are_called_kept_only_where_there_are_some(
    clinic: Clinic, phone: Page, desktop: Page, watch: Watch
) -> None:
    """A browser that may clear storage says when to send; without a link another try is not advised."""
    watch.allow(NO_LINK)
    open_consultation_on_both(clinic, phone, desktop)
    warning = phone.locator("#storage-note")
    expect(warning).to_contain_text("Send photos soon after you take them.")
    phone.context.set_offline(True)
    capture(phone, 1)
    expect(warning).to_contain_text("Send them soon")

    expect(phone.get_by_role("img", name="No connection to the server")).to_be_visible()
    queue_row(phone, "").get_by_role("button", name="More").click()
    dialog = phone.get_by_role("dialog")
    expect(dialog.locator(".primary")).to_have_count(0)
    dialog.get_by_role("button", name="Cancel").click()
    phone.context.set_offline(False)
    stored_today(phone, 1)


def test_the_link_dot_follows_the_answers_to_the_queue(
    clinic: Clinic, phone: Page, desktop: Page, watch: Watch
) -> None:
    """The server stops and comes back between two probes: the dot and the rows below it agree."""
    watch.allow(NO_LINK, "ERR_")
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 2)
    phone.get_by_role("button", name="Close camera").click()
    # From here the next probe is 15 s away.
    with phone.expect_response("**/api/consultations/current*"):
        pass
    clinic.kill()

    phone.get_by_role("button", name="Review (2)").click()
    upload(phone, 2)
    expect(queue_row(phone, "Waiting for connection")).to_have_count(2)
    expect(phone.get_by_role("img", name="No connection to the server")).to_be_visible(timeout=10_000)

    clinic.start()
    # By its handler: the queue may try by itself in this very moment, and the button goes.
    phone.locator("#send-now").evaluate("button => button.click()")
    stored_today(phone, 2)
    expect(phone.get_by_role("img", name="Connected to the server")).to_be_visible(timeout=10_000)


def test_a_long_label_is_shown_whole(clinic: Clinic, phone: Page, desktop: Page) -> None:
    """What distinguishes two patients is often at the end."""
    phone.set_viewport_size({"width": 320, "height": 568})
    open_consultation_on_both(clinic, phone, desktop, LONG_LABEL)
    open_camera(phone)
    take(phone, 1)

    heading = phone.get_by_role("heading", name=LONG_LABEL)
    assert heading.evaluate(
        "one => one.scrollHeight <= one.clientHeight && one.scrollWidth <= one.clientWidth"
    )
    expect(phone.get_by_role("button", name="Take photo")).to_be_in_viewport(ratio=1)
    shutter = phone.get_by_role("button", name="Take photo").bounding_box()
    to_review = phone.get_by_role("button", name="Review (1)").bounding_box()
    assert shutter
    assert to_review
    assert shutter["x"] + shutter["width"] + 8 <= to_review["x"]
    lines = (
        "one => one.getClientRects().length && one.clientHeight < 60 && one.scrollWidth <= one.clientWidth"
    )
    assert phone.get_by_role("button", name="Review (1)").evaluate(lines)
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
