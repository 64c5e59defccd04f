"""The phone's table of failures and the server's error codes agree."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from app.domain import errors
from app.web import problems

ROOT = Path(__file__).parents[2]
TABLE = "pwa/queue/errors.js"


def all_codes() -> set[str]:
    """Every code that an error class of the server carries."""

    def below(kind: type[errors.CaptureError]) -> set[str]:
        return {kind.code}.union(*(below(child) for child in kind.__subclasses__()))

    return below(errors.CaptureError)


@pytest.fixture(scope="module")
def phone() -> dict[str, dict[str, Any]]:
    """The phone's table, read by the engine that runs it."""
    node = shutil.which("node")
    assert node is not None, "Node is needed; run make test"
    script = f"import('./{TABLE}').then((m) => console.log(JSON.stringify(m.SERVER_CODES)))"
    done = subprocess.run([node, "-e", script], cwd=ROOT, capture_output=True, text=True, check=True)
    table: dict[str, dict[str, Any]] = json.loads(done.stdout)
    return table


def test_the_phone_knows_exactly_the_codes_that_the_server_may_answer(phone: dict[str, Any]) -> None:
    """No code is missing on either side, and none is left over."""
    assert set(phone) == set(problems.STATUS)
    assert all_codes() <= set(phone)


def test_errors_that_concern_the_link_depend_on_no_photo_and_no_user(phone: dict[str, Any]) -> None:
    """5xx and 429 make the queue wait; 401 asks the user to sign in."""
    for code, status in problems.STATUS.items():
        if status >= 500 or status == 429:
            assert phone[code]["concerns"] == "link", code
        if status == 401:
            assert phone[code]["concerns"] == "person", code


def test_only_the_named_refusals_park_a_photo_at_once(phone: dict[str, Any]) -> None:
    """A new code that parks photos must be put here by hand, with a sentence for the user."""
    parked = {code for code, rule in phone.items() if rule["action"] == "park"}

    assert parked == {
        "consultation-closed",
        "consultation-not-found",
        "photo-conflict",
        "checksum-mismatch",
        "invalid-image",
        "invalid-field",
        "too-large",
    }


def test_every_reason_to_park_a_photo_has_its_sentence(phone: dict[str, Any]) -> None:
    """Every photo shown as "Needs attention" has a reason in words."""
    words = (ROOT / "pwa/page/words/phone.js").read_text(encoding="utf-8")
    reasons = words[words.index("reasons: {") :]
    parked = [code for code, rule in phone.items() if rule["action"] in ("park", "leave")]

    missing = [code for code in parked if f'"{code}":' not in reasons]

    assert missing == []
