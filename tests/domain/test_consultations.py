"""Consultations: one unfiled for each user, one current at most, closing ends shutters only."""

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import msgspec
import pytest
from sqlalchemy import select

from app.adapters.database.statements import Statement
from app.adapters.database.tables import consultation_audit as table
from app.domain.consultations.model import (
    ConsultationChange,
    ConsultationKind,
    CurrentAnswer,
    NewConsultation,
    consultation_view,
)
from app.domain.consultations.service import _photo_views
from app.domain.errors import (
    ConsultationClosed,
    ConsultationNotEmpty,
    ConsultationNotFound,
    InvalidField,
    LabelInUse,
)
from app.domain.photos.model import CapturedPhoto, PhotoChange, TakenDuring, photo_view
from tests.contract.repositories.factories import fetch
from tests.domain.conftest import ANNA, BEN, DomainServices, claim
from tests.support.stores import now, row


async def test_a_new_user_has_the_unfiled_consultation_and_none_open(ward: DomainServices) -> None:
    """There is always a place for a photo."""
    answer = await ward.consultations.current_consultations(ANNA)

    assert answer.current is None
    assert answer.unfiled.kind is ConsultationKind.UNFILED
    assert (await ward.consultations.current_consultations(ANNA)).unfiled == answer.unfiled


async def test_a_started_consultation_is_current(ward: DomainServices) -> None:
    """Start and become current in one step, and notify the open pages."""
    consultation = await ward.consultations.start(
        ANNA, NewConsultation(label="  Room 2 ", second_identifier=" ")
    )

    assert (consultation.label, consultation.second_identifier) == ("Room 2", None)
    assert await ward.consultations.current(ANNA) == CurrentAnswer(consultation, False)
    assert [event["t"] for event in await ward.events()] == ["consultations.changed"]
    assert ward.relay_wakeups == 1


async def test_a_closed_consultation_is_current_no_more_and_cannot_be_chosen(ward: DomainServices) -> None:
    """Closing ends new shutters at once."""
    consultation = await ward.open()

    closed = await ward.consultations.change(
        ANNA, consultation.consultation_id, ConsultationChange(closed=True)
    )

    assert closed.closed_at == ward.clock()
    assert await ward.consultations.current(ANNA) == CurrentAnswer(None, False)
    with pytest.raises(ConsultationClosed):
        await ward.consultations.choose(ANNA, consultation.consultation_id)


async def test_a_page_sees_everything_of_a_consultation_but_its_owner(ward: DomainServices) -> None:
    """The user knows who they are."""
    consultation = await ward.open()

    shown = msgspec.structs.asdict(consultation_view(consultation))

    assert shown.pop("id") == consultation.consultation_id
    assert shown == {name: getattr(consultation, name) for name in shown}
    assert ANNA not in shown.values()


async def test_the_clinician_can_choose_no_consultation(ward: DomainServices) -> None:
    """The next photo is unfiled, and the other pages are notified."""
    await ward.open()
    before = len(await ward.events())

    assert await ward.consultations.choose(ANNA, None) is None

    assert await ward.consultations.current(ANNA) == CurrentAnswer(None, False)
    assert [event["t"] for event in (await ward.events())[before:]] == ["consultations.changed"]


async def test_closing_twice_is_closing_once(ward: DomainServices) -> None:
    """Two pages at once: the first one's time stays, and no page is notified again."""
    consultation = await ward.open()
    close = ConsultationChange(closed=True)
    first = await ward.consultations.change(ANNA, consultation.consultation_id, close)
    before = await ward.events()
    ward.clock.advance(60)

    assert await ward.consultations.change(ANNA, consultation.consultation_id, close) == first
    assert await ward.events() == before


async def test_a_reopened_consultation_can_be_chosen(ward: DomainServices) -> None:
    """A slip of the finger can be undone."""
    consultation = await ward.open()
    await ward.consultations.change(ANNA, consultation.consultation_id, ConsultationChange(closed=True))

    await ward.consultations.change(ANNA, consultation.consultation_id, ConsultationChange(closed=False))

    assert await ward.consultations.choose(ANNA, consultation.consultation_id) is not None


async def test_the_unfiled_consultation_cannot_be_closed(ward: DomainServices) -> None:
    """Photos without a consultation always have their place."""
    unfiled = (await ward.consultations.current_consultations(ANNA)).unfiled

    with pytest.raises(InvalidField):
        await ward.consultations.change(ANNA, unfiled.consultation_id, ConsultationChange(closed=True))


async def test_notes_are_kept_and_touch_nothing_else(ward: DomainServices) -> None:
    """Editing notes neither closes nor reopens."""
    consultation = await ward.open()

    after = await ward.consultations.change(
        ANNA, consultation.consultation_id, ConsultationChange(notes="seen")
    )

    assert (after.notes, after.closed_at, after.label) == ("seen", None, "Room 2")


async def test_new_notes_notify_the_other_pages_and_unchanged_notes_do_not(ward: DomainServices) -> None:
    """A second desktop shows them at once; saving what is there already notifies no page."""
    consultation = await ward.open()
    before = len(await ward.events())

    for _ in range(2):
        await ward.consultations.change(ANNA, consultation.consultation_id, ConsultationChange(notes="seen"))

    notifications = (await ward.events())[before:]
    assert [(event["t"], event["consultation"]) for event in notifications] == [
        ("consultations.changed", str(consultation.consultation_id))
    ]


async def test_another_users_consultation_is_not_found(ward: DomainServices) -> None:
    """Reading, choosing, changing and listing photos all answer the same."""
    consultation = await ward.open()

    for attempt in (
        ward.consultations.read(BEN, consultation.consultation_id),
        ward.consultations.choose(BEN, consultation.consultation_id),
        ward.consultations.change(BEN, consultation.consultation_id, ConsultationChange(notes="x")),
        ward.consultations.photos(BEN, consultation.consultation_id, ward.signer),
    ):
        with pytest.raises(ConsultationNotFound):
            await attempt


async def test_the_list_counts_stored_photos_newest_first_unfiled_last(ward: DomainServices) -> None:
    """What the desktop's column shows."""
    first = await ward.open("Room 1")
    ward.clock.advance(60)
    second = await ward.open("Room 2")
    await ward.stored(first.consultation_id)

    consultations, current = await ward.consultations.list(ANNA)

    assert [one.label for one in consultations] == ["Room 2", "Room 1", "Unfiled"]
    assert [one.photo_count for one in consultations] == [0, 1, 0]
    assert current == second.consultation_id


async def test_photos_are_listed_in_the_order_in_which_they_came(ward: DomainServices) -> None:
    """A phone's clock that is wrong by years changes nothing."""
    consultation = await ward.open()
    first = await ward.stored(consultation.consultation_id, b"one")
    ward.clock.advance(-86_400)
    second = await ward.stored(consultation.consultation_id, b"two")

    listed = await ward.consultations.photos(ANNA, consultation.consultation_id, ward.signer)

    assert [photo.id for photo in listed.photos] == [first.photo_id, second.photo_id]
    assert listed.rev == await ward.consultations.rev(ANNA, consultation.consultation_id) == 2


def test_each_word_of_a_view_is_that_of_its_row() -> None:
    """A view is made by place: no two fields have one value here, so that none can stand in another's."""
    moments = [now() + timedelta(minutes=minute) for minute in range(4)]
    captured_at, device_captured_at, received_at, since = moments
    photo = row(
        b"photo",
        captured_in=uuid4(),
        filed_in=uuid4(),
        captured_at=captured_at,
        device_captured_at=device_captured_at,
        received_at=received_at,
        late=True,
        caption="a caption",
        body_site="a body site",
        side="left",
        view="regional",
    )
    during = TakenDuring(id=uuid4(), label="Room 2", second_identifier=None, since=since)

    view = photo_view(photo, "an address", "another address", during)

    of_row = {name: value for name, value in msgspec.structs.asdict(view).items() if hasattr(photo, name)}
    assert of_row.pop("taken_during") == during
    assert of_row == {name: getattr(photo, name) for name in of_row}
    others = {name: value for name, value in msgspec.structs.asdict(view).items() if name not in of_row}
    assert others == {
        "id": photo.photo_id,
        "url": "an address",
        "thumbnail_url": "another address",
        "consultation_id": photo.filed_in,
        "taken_during": during,
    }
    assert len(set(of_row.values())) == len(of_row)


async def test_a_long_list_does_not_block_the_loop(ward: DomainServices) -> None:
    """While a thousand addresses are signed, other tasks of the loop have many turns."""
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other_task = asyncio.create_task(count_turns())
    views = await _photo_views([row(b"photo") for _ in range(1000)], ward.signer, ward.clock(), {})
    other_task.cancel()

    assert len({view.url for view in views}) == 1000
    assert turns >= 10


# Zero width, soft hyphen, byte order mark, a turned piece, a variation selector, a tag.
LOOK_ALIKES = [
    "Room\u200b 2",
    "Ro\u00adom 2",
    "\ufeffRoom 2",
    "Room \u202e2",
    "Room 2\ufe0f",
    "Room 2\U000e0041",
    "Room 2\u3164",
]


@pytest.mark.parametrize("again", ["Room 2", " room  2 ", "Ｒoom 2", *LOOK_ALIKES])
async def test_an_equal_open_label_without_an_identifier_is_refused(ward: DomainServices, again: str) -> None:
    """Whatever its case, width, blanks and what shows nothing; the current one stays."""
    consultation = await ward.open()

    with pytest.raises(LabelInUse):
        await ward.consultations.start(ANNA, NewConsultation(label=again))

    assert await ward.consultations.current(ANNA) == CurrentAnswer(consultation, False)
    assert len((await ward.consultations.list(ANNA))[0]) == 2


async def test_an_identifier_that_only_looks_another_way_is_no_identifier_of_its_own(
    ward: DomainServices,
) -> None:
    """One of nothing to be seen is none; an accent is a difference (the control)."""
    await ward.consultations.start(ANNA, NewConsultation(label="Room 2", second_identifier="1961 Zoe"))
    for unseen in ("1961\u200d zoe", "\u2060", "\u3164"):
        with pytest.raises(LabelInUse):
            await ward.consultations.start(ANNA, NewConsultation(label="Room 2", second_identifier=unseen))
    await ward.consultations.start(ANNA, NewConsultation(label="Room 2", second_identifier="1961 Zoé"))


async def test_a_label_reads_in_the_order_in_which_it_was_written(ward: DomainServices) -> None:
    """Marks that turn the order are not kept; joiners that a script needs are."""
    new = NewConsultation(label="Room \u202e16\u202c", second_identifier="\u206719\u206961")
    opened = await ward.consultations.start(ANNA, new)
    assert (opened.label, opened.second_identifier) == ("Room 16", "1961")

    persian = ConsultationChange(label="\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645")
    assert (await ward.consultations.change(ANNA, opened.consultation_id, persian)).label == persian.label


@pytest.mark.parametrize("unseen", ["\u200b", "\u202e", "\u2800", "\u3164 \u200d", "\u0001"])
async def test_an_invisible_label_is_refused(ward: DomainServices, unseen: str) -> None:
    """The sentence names the field."""
    with pytest.raises(InvalidField) as refused:
        await ward.consultations.start(ANNA, NewConsultation(label=unseen))
    assert refused.value.field == "label"


async def test_an_identifier_of_its_own_distinguishes_equal_labels(ward: DomainServices) -> None:
    """It differs from the older one's; another user's and closed consultations are no twins."""
    consultation = await ward.open()
    first = await ward.consultations.start(ANNA, NewConsultation(label="Room 2", second_identifier="1961"))
    await ward.consultations.start(BEN, NewConsultation(label="Room 2"))
    with pytest.raises(LabelInUse):
        await ward.consultations.start(ANNA, NewConsultation(label="Room 2", second_identifier=" 1961 "))
    for one in (consultation, first):
        await ward.consultations.change(ANNA, one.consultation_id, ConsultationChange(closed=True))

    again = await ward.open()

    with pytest.raises(LabelInUse):
        await ward.consultations.change(ANNA, consultation.consultation_id, ConsultationChange(closed=False))
    assert (await ward.consultations.read(ANNA, consultation.consultation_id)).closed_at is not None
    assert await ward.consultations.current(ANNA) == CurrentAnswer(again, False)


async def test_a_closed_consultation_may_be_given_the_label_of_an_open_one(ward: DomainServices) -> None:
    """No photo can go to the wrong one of the two until it is reopened, which is refused."""
    closed = await ward.open("Room 3")
    await ward.consultations.change(ANNA, closed.consultation_id, ConsultationChange(closed=True))
    await ward.open("Room 2")

    change = ConsultationChange(label="Room 2")
    assert (await ward.consultations.change(ANNA, closed.consultation_id, change)).label == "Room 2"
    with pytest.raises(LabelInUse):
        await ward.consultations.change(ANNA, closed.consultation_id, ConsultationChange(closed=False))


async def test_a_mistyped_label_and_identifier_are_corrected_and_notified(ward: DomainServices) -> None:
    """Each with an audit row of both texts; the other screens are notified; the same text is no change."""
    consultation = await ward.open("Room 2 J.S.")
    before = len(await ward.events())
    change = ConsultationChange(label=" Room 2 M.T. ", second_identifier="12 Mar 1961")

    for _ in range(2):
        after = await ward.consultations.change(ANNA, consultation.consultation_id, change)

    assert (after.label, after.second_identifier) == ("Room 2 M.T.", "12 Mar 1961")
    assert await consultation_audit(ward) == [
        (ANNA, "label", "Room 2 J.S.", "Room 2 M.T."),
        (ANNA, "second-identifier", "", "12 Mar 1961"),
    ]
    assert [event["t"] for event in (await ward.events())[before:]] == ["consultations.changed"]
    cleared = await ward.consultations.change(
        ANNA, consultation.consultation_id, ConsultationChange(second_identifier=None)
    )
    assert (cleared.label, cleared.second_identifier) == ("Room 2 M.T.", None)


async def test_a_correction_makes_no_twin_and_leaves_the_unfiled_one_alone(ward: DomainServices) -> None:
    """What may not be started may not be made by a correction either."""
    await ward.open("Room 2")
    other = await ward.open("Room 3")
    unfiled = (await ward.consultations.current_consultations(ANNA)).unfiled

    with pytest.raises(LabelInUse):
        await ward.consultations.change(ANNA, other.consultation_id, ConsultationChange(label="Room 2"))
    with pytest.raises(InvalidField):
        await ward.consultations.change(ANNA, unfiled.consultation_id, ConsultationChange(label="Room 4"))

    assert (await ward.consultations.read(ANNA, other.consultation_id)).label == "Room 3"
    assert await consultation_audit(ward) == []


async def test_an_empty_consultation_is_discarded_and_a_late_photo_brings_it_back(
    ward: DomainServices,
) -> None:
    """A phone that was offline still sends into it; it is on the list again and not current."""
    consultation = await ward.open()
    late = ward.taken(consultation.consultation_id)

    for _ in range(2):
        await ward.consultations.discard(ANNA, consultation.consultation_id)

    assert [one.label for one in (await ward.consultations.list(ANNA))[0]] == ["Unfiled"]
    answer = await ward.consultations.current(ANNA, consultation.consultation_id)
    assert (answer.consultation, answer.closed) == (None, True)
    await ward.presigned(late)
    ward.put(late)
    await ward.uploads.complete(ANNA, late.photo_id, claim(late))
    listed, current = await ward.consultations.list(ANNA)
    assert [(one.label, one.photo_count) for one in listed] == [("Room 2", 1), ("Unfiled", 0)]
    assert current is None
    assert await consultation_audit(ward) == [(ANNA, "discard", "Room 2", "")]


async def test_a_consultation_with_photos_or_notes_is_not_discarded(ward: DomainServices) -> None:
    """Stored, on their way, or words: all stay on the list."""
    stored, pending, noted = [await ward.open(f"Room {number}") for number in range(3)]
    await ward.stored(stored.consultation_id)
    await ward.presigned(ward.taken(pending.consultation_id))
    await ward.consultations.change(ANNA, noted.consultation_id, ConsultationChange(notes="seen"))
    unfiled = (await ward.consultations.current_consultations(ANNA)).unfiled

    for kept in (stored, pending, noted):
        with pytest.raises(ConsultationNotEmpty):
            await ward.consultations.discard(ANNA, kept.consultation_id)
    with pytest.raises(InvalidField):
        await ward.consultations.discard(ANNA, unfiled.consultation_id)
    with pytest.raises(ConsultationNotFound):
        await ward.consultations.discard(BEN, noted.consultation_id)

    assert len((await ward.consultations.list(ANNA))[0]) == 4


async def test_choosing_a_discarded_consultation_brings_it_back(ward: DomainServices) -> None:
    """The way back for a slip of the finger."""
    consultation = await ward.open()
    await ward.consultations.discard(ANNA, consultation.consultation_id)

    await ward.consultations.choose(ANNA, consultation.consultation_id)

    assert await ward.consultations.current(ANNA) == CurrentAnswer(consultation, False)
    assert (await consultation_audit(ward))[-1] == (ANNA, "bring-back", "", "Room 2")


async def test_reopening_a_discarded_consultation_brings_it_back(ward: DomainServices) -> None:
    """A phone that stayed on it can reopen it; its label must still differ from the others."""
    consultation = await ward.open("Room 2")
    await ward.consultations.discard(ANNA, consultation.consultation_id)
    twin = await ward.open("Room 2")
    with pytest.raises(LabelInUse):
        await ward.consultations.change(ANNA, consultation.consultation_id, ConsultationChange(closed=False))
    with pytest.raises(LabelInUse):
        await ward.consultations.choose(ANNA, consultation.consultation_id)
    await ward.consultations.discard(ANNA, twin.consultation_id)

    back = await ward.consultations.change(
        ANNA, consultation.consultation_id, ConsultationChange(closed=False)
    )

    assert back.takes_photos
    assert (await consultation_audit(ward))[-1] == (ANNA, "bring-back", "", "Room 2")


async def test_an_open_camera_gets_the_moves_of_the_desktop(ward: DomainServices) -> None:
    """Every move since its own consultation was current; none while it is."""
    first = await ward.open("Room 2")
    for label in ("Room 3", "Room 4"):
        ward.clock.advance(60)
        await ward.open(label)

    answer = await ward.consultations.current(ANNA, first.consultation_id)

    assert [move.label for move in answer.moves] == ["Room 3", "Room 4"]
    assert answer.consultation is not None
    assert answer.moves[-1].since == answer.consultation.opened_at
    assert (await ward.consultations.current(ANNA, answer.consultation.consultation_id)).moves == ()


async def test_a_photo_taken_while_the_desktop_was_elsewhere_asks_until_it_is_answered(
    ward: DomainServices,
) -> None:
    """Kept in the consultation of its shutter; Yes ends the question, again or not, and No asks it again."""
    first = await ward.open("Room 2")
    ward.clock.advance(60)
    second = await ward.consultations.start(ANNA, NewConsultation(label="Room 3", second_identifier="M.T."))
    ward.clock.advance(60)
    photo = await ward.stored(first.consultation_id)

    async def asks() -> TakenDuring | None:
        [view] = (await ward.consultations.photos(ANNA, first.consultation_id, ward.signer)).photos
        assert view.consultation_id == first.consultation_id
        return view.taken_during

    question = TakenDuring(
        id=second.consultation_id, label="Room 3", second_identifier="M.T.", since=second.opened_at
    )
    assert await asks() == question
    for confirmed, expected in ((True, None), (True, None), (False, question)):
        change = PhotoChange(place_confirmed=confirmed)
        answer = await ward.uploads.describe(ANNA, photo.photo_id, change, ward.signer)
        assert answer.taken_during == expected
        assert await asks() == expected
    assert [action for _, action, *_ in photo_audit(ward)] == ["confirm-place", "question-place"]


async def test_a_photo_of_the_current_consultation_and_a_moved_one_ask_nothing(ward: DomainServices) -> None:
    """The control; and moving a photo answers the question."""
    first = await ward.open("Room 2")
    good = await ward.stored(first.consultation_id)
    ward.clock.advance(60)
    second = await ward.open("Room 3")
    stray = await ward.stored(first.consultation_id, b"stray")
    assert (await ward.consultations.read(ANNA, first.consultation_id)).unconfirmed_count == 1

    moved = await ward.uploads.move(ANNA, stray.photo_id, second.consultation_id, ward.signer)
    back = await ward.uploads.move(ANNA, stray.photo_id, first.consultation_id, ward.signer)

    assert (moved.taken_during, back.taken_during) == (None, None)
    views = (await ward.consultations.photos(ANNA, first.consultation_id, ward.signer)).photos
    assert [(view.id, view.taken_during) for view in views] == [
        (good.photo_id, None),
        (stray.photo_id, None),
    ]


async def test_what_was_answered_on_the_phone_is_asked_nowhere_else(ward: DomainServices) -> None:
    """It is in the audit, as an answer at the desktop is; with nothing to ask there is no answer."""
    first = await ward.open("Room 2")
    undoubted = await kept_on_the_phone(ward, first.consultation_id, b"before")
    ward.clock.advance(60)
    await ward.open("Room 3")
    kept = await kept_on_the_phone(ward, first.consultation_id, b"after")

    views = (await ward.consultations.photos(ANNA, first.consultation_id, ward.signer)).photos

    assert [(view.id, view.taken_during) for view in views] == [
        (undoubted.photo_id, None),
        (kept.photo_id, None),
    ]
    assert photo_audit(ward) == [(ANNA, "confirm-place", str(kept.photo_id), "", str(first.consultation_id))]


async def kept_on_the_phone(ward: DomainServices, consultation_id: UUID, body: bytes) -> CapturedPhoto:
    """A photo about which the clinician was asked on the phone, and which stayed where it was."""
    photo = msgspec.structs.replace(ward.taken(consultation_id, body), place_confirmed=True)
    await ward.presigned(photo)
    ward.put(photo, body)
    await ward.uploads.complete(ANNA, photo.photo_id, claim(photo))
    return photo


def photo_audit(ward: DomainServices) -> list[tuple[object, ...]]:
    """Actor, action, photo, and the text before and after."""
    return ward.sql("SELECT actor, action, photo_id, before, after FROM audit ORDER BY seq")


async def consultation_audit(ward: DomainServices) -> list[tuple[object, ...]]:
    """Actor, action, and the text before and after."""
    statement = Statement(
        select(table.c.actor, table.c.action, table.c.before, table.c.after).order_by(table.c.seq)
    )
    return list(await fetch(ward.database, statement))
