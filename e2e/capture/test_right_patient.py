"""No photo reaches another patient without a question: what the phone asks, on every screen."""

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Error, Locator, Page, Route, expect

from e2e.support.clinic import Clinic
from e2e.support.pictures import made_photo
from e2e.support.stored import on_the_phone
from e2e.support.verbs import (
    api,
    camera_message,
    capture,
    expect_state,
    expect_stored_once,
    open_camera,
    open_consultation_on_both,
    queue_row,
    review,
    send_all,
    sign_in,
    start_consultation,
    stored_today,
    take,
    upload,
    wait_beside,
)
from e2e.support.watch import Watch

NO_LINK = r"ERR_INTERNET_DISCONNECTED|Failed to fetch"
# The requests whose answers say which consultation is current.
CURRENT_CONSULTATION = re.compile(r"/api/(me|consultations/current)(\?|$)")
# The page's own clock, which a test sets forward: as if the last answer were that old.
LATER = """
const now = performance.now.bind(performance);
window.later = 0;
performance.now = () => now() + window.later;
"""
# The page waits two seconds for the server; here as long as the slowest machine needs.
LONG_WAIT = """
const wait = window.setTimeout.bind(window);
window.setTimeout = (run, ms, ...rest) => wait(run, ms === 2000 ? 120_000 : ms, ...rest);
"""
# Stored rows leave after five seconds; here they stay.
STORED_ROWS_STAY = LONG_WAIT.replace("2000", "5000")

BOTH = pytest.mark.parametrize(
    ("answer", "place"), [("Keep Room 2", "Room 2"), ("Switch to Room 3", "Room 3")], ids=["keep", "switch"]
)


class Answers:
    """The server's answers about the current consultation, on their way to a phone that has no page yet.

    A route that is set while the service worker takes a page over holds for none of the page's requests.
    """

    def __init__(self, phone: Page) -> None:
        self._phone = phone
        self._delays = False
        self._delayed: list[Route] = []
        phone.route(CURRENT_CONSULTATION, self._arrives)

    def _arrives(self, route: Route) -> None:
        if self._delays:
            self._delayed.append(route)
        else:
            route.continue_()

    def delay(self) -> None:
        """Delay them until ``let_go``; the page asks once at a time: with one delayed, none is on its way."""
        self._delays = True
        wait_beside(self._phone, self._next_is_delayed, "the phone never asked")

    def _next_is_delayed(self) -> bool:
        ask_now(self._phone)
        return bool(self._delayed)

    def let_go(self) -> None:
        """Let the delayed ones arrive, and the next at once."""
        self._delays = False
        for route in self._delayed:
            with suppress(Error):  # The page may have aborted the request meanwhile.
                route.continue_()


def ask_now(phone: Page) -> None:
    """The page comes into view, and asks the server."""
    phone.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def asked(phone: Page) -> Locator:
    """The card with the open question, on any screen."""
    return phone.get_by_role("group")


def shutter(phone: Page) -> Locator:
    """The button that takes a photo."""
    return phone.get_by_role("button", name="Take photo")


def moved_to_room_3(phone: Page, own: str) -> None:
    """The card names the desktop's consultation, and the heading is still the one from before."""
    expect(asked(phone)).to_contain_text("The desktop is now on Room 3")
    expect(asked(phone)).to_contain_text(own)
    expect(phone.get_by_role("heading", name="Room 2")).to_be_visible()


def filed(desktop: Page, clinic: Clinic, count: int) -> list[str]:
    """The labels under which the server has these photos, in the order of their shutters."""
    expect_stored_once(desktop, clinic, count)
    rows = clinic.rows(
        "SELECT label FROM photos JOIN consultations ON consultation_id = filed_in ORDER BY captured_at"
    )
    return [row["label"] for row in rows]


def take_and_refetch(phone: Page, count: int, before: int = 0) -> None:
    """Photos older than the server's last answer, so that a later move puts none of them in question."""
    take(phone, count, before)
    with phone.expect_request(CURRENT_CONSULTATION) as request:
        ask_now(phone)
    answer = request.value.response()
    assert answer
    answer.finished()
    expect(shutter(phone)).to_be_enabled()


def taken_before_the_phone_knew(clinic: Clinic, phone: Page, desktop: Page, count: int = 1) -> None:
    """Photos of the moment between the desktop's move and the phone's knowledge of it; the question is up."""
    answers = Answers(phone)
    open_consultation_on_both(clinic, phone, desktop)
    answers.delay()
    start_consultation(desktop, "Room 3")
    open_camera(phone)
    take(phone, count)
    answers.let_go()
    moved_to_room_3(phone, "These photos belong to Room 2")
    expect(shutter(phone)).not_to_be_visible()


def belong_to(phone: Page, sentence: str) -> Locator:
    """The card that asks whose photos are that were taken after the move."""
    expect(asked(phone)).to_contain_text(sentence)
    return asked(phone)


# Photos that are chosen.


@BOTH
def test_files_that_were_being_picked_when_the_desktop_moved_are_asked_about(
    clinic: Clinic, phone: Page, desktop: Page, tmp_path: Path, answer: str, place: str
) -> None:
    """The picker was open for Room 2 during the move: the clinician's answer decides where its photo goes."""
    open_consultation_on_both(clinic, phone, desktop)
    with phone.expect_file_chooser() as picker:
        phone.get_by_role("button", name="Choose photos").click()
    start_consultation(desktop, "Room 3")
    picker.value.set_files(made_photo(tmp_path / "wound.jpg"))

    dialog = phone.get_by_role("dialog")
    expect(dialog).to_contain_text("The desktop is now on Room 3")
    expect(dialog).to_contain_text("These photos belong to Room 2")
    assert on_the_phone(phone) == []
    dialog.get_by_role("button", name=answer).click()

    expect_state(phone, "reviewing")
    upload(phone, 1)
    stored_today(phone, 1)
    assert filed(desktop, clinic, 1) == [place]


def test_files_whose_question_is_closed_are_not_added(
    clinic: Clinic, phone: Page, desktop: Page, tmp_path: Path
) -> None:
    """Escape is no answer: nothing is kept, the phone says so, and the next try asks again."""
    open_consultation_on_both(clinic, phone, desktop)
    with phone.expect_file_chooser() as picker:
        phone.get_by_role("button", name="Choose photos").click()
    start_consultation(desktop, "Room 3")
    picker.value.set_files(made_photo(tmp_path / "wound.jpg"))
    expect(phone.get_by_role("dialog")).to_contain_text("The desktop is now on Room 3")

    phone.keyboard.press("Escape")

    said = "1 chosen photo was not added. Tap Choose photos to add it again."
    expect(phone.locator("#notices").get_by_text(said)).to_be_visible()
    assert on_the_phone(phone) == []
    phone.get_by_role("button", name="Choose photos").click()
    expect(phone.get_by_role("dialog")).to_contain_text("The desktop is now on Room 3")


# The shutter waits for the server.


def test_the_shutter_is_off_until_the_server_has_answered(clinic: Clinic, phone: Page, desktop: Page) -> None:
    """A camera with a picture waits for the name's confirmation, shows that, and then asks nothing."""
    phone.add_init_script(LONG_WAIT)
    answers = Answers(phone)
    open_consultation_on_both(clinic, phone, desktop)
    answers.delay()

    phone.get_by_role("button", name="Open camera").click()

    expect(camera_message(phone)).to_have_text("Asking the server which consultation is open…")
    expect(shutter(phone)).to_be_disabled()
    answers.let_go()
    expect(shutter(phone)).to_be_enabled()
    expect(asked(phone)).to_have_count(0)


@pytest.mark.parametrize(
    ("answer", "place"), [("Yes, Room 2", "Room 2"), ("No consultation", "Unfiled")], ids=["yes", "no"]
)
def test_without_an_answer_the_name_is_tapped_before_a_photo(
    clinic: Clinic, phone: Page, desktop: Page, answer: str, place: str
) -> None:
    """The last answer is 25 s old and no other comes: the clinician answers for whom the photos are."""
    phone.add_init_script(LATER)
    answers = Answers(phone)
    open_consultation_on_both(clinic, phone, desktop)
    answers.delay()
    phone.evaluate("window.later = 25_000")

    phone.get_by_role("button", name="Open camera").click()

    expect(asked(phone)).to_contain_text("Photos for Room 2? The desktop could not be asked.")
    expect(shutter(phone)).not_to_be_visible()
    asked(phone).get_by_role("button", name=answer).click()
    take(phone, 1)
    answers.let_go()
    send_all(phone, 1)
    assert filed(desktop, clinic, 1) == [place]


def test_an_open_camera_without_answers_asks_for_the_name_until_the_server_answers(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """After 20 s without an answer the shutter goes; the next answer brings it back without a tap."""
    phone.add_init_script(LATER)
    answers = Answers(phone)
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    answers.delay()

    phone.evaluate("window.later = 25_000")

    expect(asked(phone)).to_contain_text("Photos for Room 2? The desktop could not be asked.")
    expect(shutter(phone)).not_to_be_visible()
    answers.let_go()
    expect(shutter(phone)).to_be_enabled()
    expect(asked(phone)).to_have_count(0)


# Photos of the moment in which the phone did not know yet.


@pytest.mark.parametrize("place", ["Room 2", "Room 3"])
def test_switch_asks_whose_a_photo_is_that_was_taken_after_the_desktop_moved(
    clinic: Clinic, phone: Page, desktop: Page, place: str
) -> None:
    """Taken for Room 2 while the desktop was on Room 3: the next are for Room 3, this one is asked about."""
    taken_before_the_phone_knew(clinic, phone, desktop)

    asked(phone).get_by_role("button", name="Switch to Room 3").click()

    card = belong_to(phone, "1 photo was taken after the desktop moved. It belongs to:")
    expect(shutter(phone)).not_to_be_visible()
    card.get_by_role("button", name=place).click()
    take(phone, 1, before=1)
    send_all(phone, 2)
    assert filed(desktop, clinic, 2) == [place, "Room 3"]


def test_keep_answers_for_the_photos_taken_meanwhile(clinic: Clinic, phone: Page, desktop: Page) -> None:
    """Keep Room 2 answers for those photos, too: no screen asks anything else."""
    taken_before_the_phone_knew(clinic, phone, desktop)

    asked(phone).get_by_role("button", name="Keep Room 2").click()

    expect(shutter(phone)).to_be_enabled()
    expect(asked(phone)).to_have_count(0)
    send_all(phone, 1)
    assert filed(desktop, clinic, 1) == ["Room 2"]


def test_nothing_is_sent_before_it_is_answered_whose_it_is(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """Upload asks in a dialog; closed without an answer it sends nothing and shows why."""
    taken_before_the_phone_knew(clinic, phone, desktop)
    asked(phone).get_by_role("button", name="Switch to Room 3").click()
    belong_to(phone, "1 photo was taken after the desktop moved.")
    phone.get_by_role("button", name="Close camera").click()
    review(phone, 1)
    belong_to(phone, "1 photo was taken after the desktop moved.")

    upload(phone, 1)
    expect(phone.get_by_role("dialog")).to_contain_text("1 photo was taken after the desktop moved.")
    phone.keyboard.press("Escape")

    said = "Nothing was uploaded. Say first to whom the photo belongs, then tap Upload again."
    expect(phone.locator("#notices").get_by_text(said)).to_be_visible()
    assert [photo["state"] for photo in on_the_phone(phone)] == ["captured"]
    assert clinic.photos() == []
    upload(phone, 1)
    phone.get_by_role("dialog").get_by_role("button", name="Room 3").click()
    stored_today(phone, 1)
    assert filed(desktop, clinic, 1) == ["Room 3"]


def test_photos_of_two_patients_are_decided_one_by_one(clinic: Clinic, phone: Page, desktop: Page) -> None:
    """Each is shown with its picture and goes where it was answered."""
    taken_before_the_phone_knew(clinic, phone, desktop, count=2)
    asked(phone).get_by_role("button", name="Switch to Room 3").click()
    card = belong_to(phone, "2 photos were taken after the desktop moved. They belong to:")

    card.get_by_role("button", name="Decide one by one").click()
    for place in ("Room 2", "Room 3"):
        dialog = phone.get_by_role("dialog")
        expect(dialog).to_contain_text("1 photo was taken after the desktop moved. It belongs to:")
        expect(dialog.locator("img")).to_have_js_property("complete", True)
        dialog.get_by_role("button", name=place).click()

    expect(asked(phone)).to_have_count(0)
    send_all(phone, 2)
    assert filed(desktop, clinic, 2) == ["Room 2", "Room 3"]


def test_what_was_not_answered_is_asked_again_after_a_reload(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """The page was closed over the question whose a photo is: the next one asks it, and files the answer."""
    taken_before_the_phone_knew(clinic, phone, desktop)
    asked(phone).get_by_role("button", name="Switch to Room 3").click()
    belong_to(phone, "1 photo was taken after the desktop moved.")

    phone.reload()

    expect_state(phone, "connected")
    asked(phone).get_by_role("button", name="Switch to Room 3").click()
    belong_to(phone, "1 photo was taken after the desktop moved.")
    asked(phone).get_by_role("button", name="Room 2").click()
    send_all(phone, 1)
    assert filed(desktop, clinic, 1) == ["Room 2"]


# Without a link.


def test_a_photo_taken_offline_after_the_desktop_moved_is_asked_about_on_the_desktop(
    clinic: Clinic, phone: Page, desktop: Page, watch: Watch
) -> None:
    """Sent to the shutter's consultation; the phone asks about new photos, the desktop about this one."""
    watch.allow(NO_LINK)
    open_consultation_on_both(clinic, phone, desktop)
    phone.context.set_offline(True)
    start_consultation(desktop, "Room 3")
    capture(phone, 1)
    expect(queue_row(phone, "Waiting for connection")).to_have_count(1)

    phone.context.set_offline(False)

    moved_to_room_3(phone, "These photos belong to Room 2")
    stored_today(phone, 1)
    assert filed(desktop, clinic, 1) == ["Room 2"]
    desktop.get_by_role("button", name="Look").click()
    tile = desktop.get_by_role("list", name="Photos").get_by_role("listitem")
    expect(tile).to_contain_text("Taken while the desktop was on Room 3. Right patient?")
    asked(phone).get_by_role("button", name="Switch to Room 3").click()
    expect(phone.get_by_role("heading", name="Room 3")).to_be_visible()


def test_keep_is_no_answer_about_a_consultation_that_it_did_not_name(
    clinic: Clinic, phone: Page, desktop: Page, watch: Watch
) -> None:
    """Taken in Room 3's time, and kept in Room 2 against Room 4: Room 3 is asked about by its name."""
    watch.allow(NO_LINK)
    open_consultation_on_both(clinic, phone, desktop)
    phone.context.set_offline(True)
    start_consultation(desktop, "Room 3")
    open_camera(phone)
    take(phone, 1)
    start_consultation(desktop, "Room 4")
    phone.context.set_offline(False)
    expect(asked(phone)).to_contain_text("The desktop is now on Room 4", timeout=30_000)

    asked(phone).get_by_role("button", name="Keep Room 2").click()

    belong_to(phone, "1 photo was taken after the desktop moved.")
    asked(phone).get_by_role("button", name=re.compile("^Room 3")).click()
    send_all(phone, 1)
    assert filed(desktop, clinic, 1) == ["Room 3"]


# The card on every screen.


def go_to_review(phone: Page) -> None:
    """One photo in review."""
    review(phone, 1)


def go_home(phone: Page) -> None:
    """One photo in review, and the first screen."""
    phone.get_by_role("button", name="Close camera").click()
    expect_state(phone, "connected")


def go_to_the_queue(phone: Page) -> None:
    """One photo in the upload queue, whose row is still there."""
    review(phone, 1)
    upload(phone, 1)
    expect(queue_row(phone, "Stored")).to_be_visible()
    expect_state(phone, "connected")


@BOTH
@pytest.mark.parametrize("go", [go_home, go_to_review, go_to_the_queue])
def test_the_desktop_s_move_is_asked_about_on_every_screen(
    clinic: Clinic, phone: Page, desktop: Page, go: Callable[[Page], None], answer: str, place: str
) -> None:
    """Each screen shows it and takes the answer; the next photo goes there, and the first one stays."""
    phone.add_init_script(STORED_ROWS_STAY)
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    take_and_refetch(phone, 1)
    go(phone)

    start_consultation(desktop, "Room 3")
    moved_to_room_3(phone, "These photos belong to Room 2")
    asked(phone).get_by_role("button", name=answer).click()

    expect(asked(phone)).to_have_count(0)
    expect(phone.get_by_role("heading", name=place)).to_be_visible()
    open_camera(phone)
    waiting = len(on_the_phone(phone))
    take(phone, 1, before=waiting)
    review(phone, waiting + 1)
    upload(phone, waiting + 1)
    stored_today(phone, 2)
    assert filed(desktop, clinic, 2) == ["Room 2", place]


def test_a_consultation_started_at_another_desk_changes_nothing_on_the_phone_by_itself(
    clinic: Clinic, desk: Page, other: Page, phone: Page
) -> None:
    """The heading stays, the camera asks in the shutter's place, and the way back withdraws the question."""
    sign_in(phone, clinic)
    expect(phone.get_by_role("heading", name="Room 2")).to_be_visible()
    start_consultation(other, "Room 3")
    moved_to_room_3(phone, "This phone is on Room 2")

    phone.get_by_role("button", name="Open camera").click()
    expect_state(phone, "camera")
    moved_to_room_3(phone, "This phone is on Room 2")
    expect(shutter(phone)).not_to_be_visible()
    desk.locator("#moved").get_by_role("button", name="No, go back").click()

    expect(shutter(phone)).to_be_enabled()
    expect(asked(phone)).to_have_count(0)
    expect(phone.get_by_role("heading", name="Room 2")).to_be_visible()


def test_only_a_phone_without_a_patient_follows_the_desktop_and_says_so(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """The first photo stays without a consultation, and the next one is Room 2's."""
    sign_in(desktop, clinic, "/desktop")
    sign_in(phone, clinic)
    open_camera(phone)
    take_and_refetch(phone, 1)
    go_home(phone)

    start_consultation(desktop, "Room 2")

    expect(phone.get_by_text("The desktop opened Room 2. This phone is on it too.")).to_be_visible()
    expect(phone.get_by_role("heading", name="Room 2")).to_be_visible()
    open_camera(phone)
    take(phone, 1, before=1)
    send_all(phone, 2)
    assert filed(desktop, clinic, 2) == ["Unfiled", "Room 2"]


def test_upload_says_when_its_photos_belong_to_two_patients(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """How many to each, before the tap; a photo of another patient than the heading's stands out."""
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    take_and_refetch(phone, 2)
    start_consultation(desktop, "Room 3")
    asked(phone).get_by_role("button", name="Switch to Room 3").click()
    take(phone, 1, before=2)
    items = review(phone, 3)

    expect(phone.get_by_role("button", name="Upload 3 photos of 2 patients")).to_be_enabled()
    each = phone.locator("#upload-each")
    expect(each).to_have_text(
        re.compile(r"^2 for Room 2 · opened \d\d:\d\d\s*1 for Room 3 · opened \d\d:\d\d")
    )
    expect(phone.locator("#to-review .elsewhere")).to_have_text([re.compile("^Room 2")] * 2)
    items.nth(2).get_by_role("checkbox").uncheck()
    expect(phone.get_by_role("button", name="Upload 2 photos", exact=True)).to_be_enabled()
    expect(each).to_be_hidden()


# A consultation that was closed.


def close_consultation(desktop: Page) -> None:
    """Close the consultation that the desktop shows."""
    desktop.get_by_role("button", name="Close consultation").click()
    desktop.get_by_role("dialog").get_by_role("button", name="Close consultation").click()


def closed_under_the_camera(phone: Page) -> Locator:
    """The camera says that Room 2 was closed, and hides its shutter."""
    expect(asked(phone)).to_contain_text("Room 2 was closed on the desktop")
    expect(asked(phone)).to_contain_text("It takes no new photos. Those already taken are kept and sent.")
    expect(shutter(phone)).not_to_be_visible()
    return asked(phone)


def current(desktop: Page) -> str:
    """The label of the consultation to which new photos go, by the server's answer."""
    return str(api(desktop, "/api/me")["currentConsultation"]["label"])


def test_a_closed_consultation_is_reopened_from_the_phone(clinic: Clinic, phone: Page, desktop: Page) -> None:
    """Closed too early: Reopen gives the shutter back, and the desktop is on Room 2 again."""
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    close_consultation(desktop)

    closed_under_the_camera(phone).get_by_role("button", name="Reopen Room 2").click()

    take(phone, 1)
    send_all(phone, 1)
    assert filed(desktop, clinic, 1) == ["Room 2"]
    assert current(desktop) == "Room 2"
    assert clinic.rows("SELECT closed_at FROM consultations WHERE label = 'Room 2'")[0]["closed_at"] is None


@pytest.mark.parametrize(
    ("answer", "place"),
    [("Reopen Room 2", "Room 2"), ("Switch to Room 3", "Room 3")],
    ids=["reopen", "switch"],
)
def test_a_closed_consultation_offers_the_one_that_is_open(
    clinic: Clinic, phone: Page, desktop: Page, answer: str, place: str
) -> None:
    """Kept beside Room 3 and then closed: the phone goes on with either, and the desktop stays on Room 3."""
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    start_consultation(desktop, "Room 3")
    asked(phone).get_by_role("button", name="Keep Room 2").click()
    take(phone, 1)
    desktop.get_by_role("list", name="Consultations").get_by_text("Room 2").click()
    close_consultation(desktop)

    card = closed_under_the_camera(phone)
    expect(card.get_by_role("button")).to_have_count(2)
    card.get_by_role("button", name=answer).click()

    take(phone, 1, before=1)
    send_all(phone, 2)
    assert filed(desktop, clinic, 2) == ["Room 2", place]
    assert current(desktop) == "Room 3"


def test_a_consultation_that_could_not_be_reopened_takes_no_photo(
    clinic: Clinic, phone: Page, desktop: Page, watch: Watch
) -> None:
    """Without a link the phone says so and hides its shutter; the same tap works once it is back."""
    watch.allow(NO_LINK)
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    close_consultation(desktop)
    card = closed_under_the_camera(phone)
    phone.context.set_offline(True)

    card.get_by_role("button", name="Reopen Room 2").click()

    said = "Room 2 could not be reopened, because the server did not answer."
    expect(camera_message(phone)).to_contain_text(said)
    expect(shutter(phone)).not_to_be_visible()
    phone.context.set_offline(False)
    card.get_by_role("button", name="Reopen Room 2").click()
    expect(shutter(phone)).to_be_enabled()


# A retake, and another tab.


def test_a_retake_belongs_to_the_patient_of_the_photo_that_it_replaces(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """The phone is on Room 3 by then: the heading is Room 2 for this one photo, and Room 3 for the next."""
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    take_and_refetch(phone, 1)
    start_consultation(desktop, "Room 3")
    asked(phone).get_by_role("button", name="Switch to Room 3").click()
    expect(phone.get_by_role("heading", name="Room 3")).to_be_visible()

    review(phone, 1).first.get_by_role("button", name="Retake").click()

    expect_state(phone, "camera")
    expect(phone.get_by_role("heading", name="Room 2")).to_be_visible()
    shutter(phone).click()
    expect_state(phone, "reviewing")
    expect(phone.locator("#to-review .elsewhere")).to_have_text([re.compile("^Room 2")])
    open_camera(phone)
    expect(phone.get_by_role("heading", name="Room 3")).to_be_visible()
    take(phone, 1, before=1)
    send_all(phone, 2)
    assert filed(desktop, clinic, 2) == ["Room 2", "Room 3"]


def test_a_retake_of_a_photo_that_another_tab_has_sent_keeps_both(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """The old one is the server's by then: the phone says so, and neither is lost or filed elsewhere."""
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    take(phone, 1)
    review(phone, 1).first.get_by_role("button", name="Retake").click()
    expect_state(phone, "camera")
    tab = phone.context.new_page()
    tab.goto("/mobile")
    send_all(tab, 1)

    expect(phone.get_by_text("Retaking the photo of")).to_be_visible()
    shutter(phone).click()

    expect_state(phone, "reviewing")
    said = "The photo you retook had been sent from another tab. Both are kept: delete the old one"
    expect(phone.locator("#notices")).to_contain_text(said)
    upload(phone, 1)
    stored_today(phone, 2)
    assert filed(desktop, clinic, 2) == ["Room 2", "Room 2"]


# Two consultations of one label.


def start_with_identifier(desktop: Page, label: str, second: str) -> None:
    """A new consultation that its second identifier distinguishes from another one of its label."""
    desktop.get_by_role("button", name="New consultation").first.click()
    dialog = desktop.get_by_role("dialog", name="New consultation")
    dialog.get_by_label("Label").fill(label)
    dialog.get_by_label("Second identifier").fill(second)
    dialog.get_by_role("button", name="Start consultation").click()
    expect(dialog).to_have_count(0)
    expect(desktop.locator("#consultation-head")).to_contain_text(second)


def test_two_consultations_of_one_label_are_distinguished_wherever_the_phone_names_them(
    clinic: Clinic, phone: Page, desktop: Page, watch: Watch
) -> None:
    """Question, heading, review, button and queue carry the identifier in which the two Room 2 differ."""
    watch.allow(NO_LINK)
    old, new = "12 Mar 1961", "3 Apr 1972"
    sign_in(desktop, clinic, "/desktop")
    start_with_identifier(desktop, "Room 2", old)
    sign_in(phone, clinic)
    open_camera(phone)
    take_and_refetch(phone, 1)
    start_with_identifier(desktop, "Room 2", new)

    card = asked(phone)
    expect(card).to_contain_text(f"The desktop is now on Room 2 ({new})")
    expect(card).to_contain_text(f"These photos belong to Room 2 ({old})")
    expect(card.get_by_role("button", name=f"Keep Room 2 {old}")).to_be_visible()
    card.get_by_role("button", name=f"Switch to Room 2 {new}").click()
    expect(phone.locator("#patient-detail")).to_contain_text(new)
    take(phone, 1, before=1)
    items = review(phone, 2)
    for number, second in enumerate((old, new)):
        expect(items.nth(number)).to_contain_text(f"Room 2 {second}")
    each = phone.locator("#upload-each")
    expect(each).to_contain_text(re.compile(rf"1 for Room 2 · {old}.*1 for Room 2 · {new}", re.DOTALL))

    phone.context.set_offline(True)
    upload(phone, 2)
    rows = queue_row(phone, "Waiting for connection")
    expect(rows).to_have_count(2)
    for number, second in enumerate((old, new)):
        expect(rows.nth(number)).to_contain_text(f"Room 2 {second}")
    phone.context.set_offline(False)
    stored_today(phone, 2)
    kept = clinic.rows(
        "SELECT second_identifier FROM photos JOIN consultations ON consultation_id = filed_in "
        "ORDER BY captured_at"
    )
    assert [row["second_identifier"] for row in kept] == [old, new]


def test_a_reload_in_the_middle_of_a_patient_changes_nothing_silently(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """Android ends a hidden page: it comes back on the patient whose photos wait, and asks again."""
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    take_and_refetch(phone, 1)
    start_consultation(desktop, "Room 3")
    asked(phone).get_by_role("button", name="Keep Room 2").click()
    take(phone, 1, before=1)

    phone.reload()

    moved_to_room_3(phone, "These photos belong to Room 2")
    asked(phone).get_by_role("button", name="Keep Room 2").click()
    open_camera(phone)
    take(phone, 1, before=2)
    send_all(phone, 3)
    assert filed(desktop, clinic, 3) == ["Room 2"] * 3


def test_a_retake_of_a_photo_in_doubt_is_asked_about_as_well(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """The question was about whose photo it is, and another picture does not answer it."""
    taken_before_the_phone_knew(clinic, phone, desktop)
    asked(phone).get_by_role("button", name="Switch to Room 3").click()
    belong_to(phone, "1 photo was taken after the desktop moved.")
    phone.get_by_role("button", name="Close camera").click()
    items = review(phone, 1)

    items.get_by_role("button", name="Retake").click()
    expect_state(phone, "camera")
    shutter(phone).click()
    expect_state(phone, "reviewing")

    expect(asked(phone)).to_contain_text("1 photo was taken after the desktop moved.")
    asked(phone).get_by_role("button", name=re.compile("^Room 3")).click()
    upload(phone, 1)
    stored_today(phone, 1)
    assert filed(desktop, clinic, 1) == ["Room 3"]


def test_of_two_moves_that_the_phone_missed_each_is_offered(
    clinic: Clinic, phone: Page, desktop: Page, watch: Watch
) -> None:
    """Taken during Room 3 by a phone without a link, which learns of Room 4 only: Room 3 can be chosen."""
    watch.allow(NO_LINK)
    open_consultation_on_both(clinic, phone, desktop)
    phone.context.set_offline(True)
    start_consultation(desktop, "Room 3")
    open_camera(phone)
    take(phone, 1)
    start_consultation(desktop, "Room 4")

    phone.context.set_offline(False)
    asked(phone).get_by_role("button", name="Switch to Room 4").click(timeout=30_000)

    expect(asked(phone)).to_contain_text("1 photo was taken after the desktop moved.")
    asked(phone).get_by_role("button", name=re.compile("^Room 3")).click()
    send_all(phone, 1)
    assert filed(desktop, clinic, 1) == ["Room 3"]
    # Asked and answered on the phone: the desktop asks nothing more.
    assert [row["place_confirmed_at"] is not None for row in clinic.photos()] == [True]


def test_a_reopening_that_the_server_refuses_says_why(
    clinic: Clinic, phone: Page, desktop: Page, watch: Watch
) -> None:
    """Another consultation of this name is open by now: the link is good, and no retry helps."""
    watch.allow("status of 409")
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    desktop.get_by_role("button", name="Close consultation").click()
    dialog = desktop.get_by_role("dialog")
    if dialog.count():
        dialog.get_by_role("button", name=re.compile("^Close")).click()
    start_consultation(desktop, "Room 2")
    asked(phone).get_by_role("button", name="Reopen Room 2").click()

    expect(camera_message(phone)).to_contain_text("Room 2 was not reopened. An open consultation already has")


def test_a_consultation_that_was_discarded_meanwhile_is_brought_back(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """The phone was kept on it: Reopen does what it says."""
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    start_consultation(desktop, "Room 3")
    asked(phone).get_by_role("button", name="Keep Room 2").click()
    desktop.get_by_role("list", name="Consultations").get_by_text("Room 2").click()
    desktop.get_by_role("button", name="Discard", exact=True).click()
    desktop.get_by_role("dialog").get_by_role("button", name="Discard consultation").click()

    asked(phone).get_by_role("button", name="Reopen Room 2").click(timeout=30_000)

    expect(shutter(phone)).to_be_enabled()
    take(phone, 1)
    send_all(phone, 1)
    assert filed(desktop, clinic, 1) == ["Room 2"]


def test_a_photo_kept_against_one_patient_is_not_kept_against_the_next(
    clinic: Clinic, phone: Page, desktop: Page, watch: Watch
) -> None:
    """Kept in Room 2 against Room 3; then the desktop went on to Room 4, and the phone had no link."""
    watch.allow(NO_LINK)
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    start_consultation(desktop, "Room 3")
    asked(phone).get_by_role("button", name="Keep Room 2").click()
    expect(shutter(phone)).to_be_enabled()
    phone.context.set_offline(True)
    start_consultation(desktop, "Room 4")
    take(phone, 1)

    phone.context.set_offline(False)
    asked(phone).get_by_role("button", name="Switch to Room 4").click(timeout=30_000)

    belong_to(phone, "1 photo was taken after the desktop moved.")
    asked(phone).get_by_role("button", name=re.compile("^Room 4")).click()
    send_all(phone, 1)
    assert filed(desktop, clinic, 1) == ["Room 4"]


def test_a_retake_without_a_link_answers_no_question(
    clinic: Clinic, phone: Page, desktop: Page, watch: Watch
) -> None:
    """The phone learns of the move after the retake, which is asked about as the first photo would be."""
    watch.allow(NO_LINK)
    open_consultation_on_both(clinic, phone, desktop)
    open_camera(phone)
    phone.context.set_offline(True)
    start_consultation(desktop, "Room 3")
    take(phone, 1)
    review(phone, 1).get_by_role("button", name="Retake").click()
    expect_state(phone, "camera")
    shutter(phone).click()
    expect_state(phone, "reviewing")

    phone.context.set_offline(False)
    asked(phone).get_by_role("button", name="Switch to Room 3").click(timeout=30_000)

    belong_to(phone, "1 photo was taken after the desktop moved.")


def test_a_reload_while_the_desktop_goes_on_twice_offers_the_one_between(
    clinic: Clinic, phone: Page, desktop: Page
) -> None:
    """The page comes back without knowing of Room 3, whose photo it may be, and offers it."""
    answers = Answers(phone)
    open_consultation_on_both(clinic, phone, desktop)
    answers.delay()
    open_camera(phone)
    start_consultation(desktop, "Room 3")
    take(phone, 1)
    start_consultation(desktop, "Room 4")
    answers.let_go()

    phone.reload()
    asked(phone).get_by_role("button", name="Switch to Room 4").click(timeout=30_000)

    belong_to(phone, "1 photo was taken after the desktop moved.")
    expect(asked(phone).get_by_role("button", name=re.compile("^Room 3"))).to_be_visible()
