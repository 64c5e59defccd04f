"""The suite in other engines: what is replaced in it, what is left out, what is printed without an engine."""

import pytest

from campaigns.engines import campaign
from campaigns.engines.packages import ENGINES, Engine, how_to_get
from campaigns.engines.site import IMPORTS, SUPPORT, CannotServe, Site, on_real_locks
from campaigns.engines.suite import NEEDS_REOPENING, files
from e2e.support.clinic import ROOT


def test_the_suites_lock_gives_way_to_the_browsers_own() -> None:
    """Every test of the suite gets its lock from the page's Web Locks."""
    served = Site(ROOT, files()[0]).content(f"/{SUPPORT}")

    assert served is not None
    assert b"web-locks.js" in served[1]
    assert b"export class TestLocks" not in served[1]


def test_a_suite_without_that_lock_is_not_run_on_another_by_mistake() -> None:
    """A rename in the suite is a failure of the campaign, not a quieter run."""
    with pytest.raises(CannotServe):
        on_real_locks("export class Locks {")


def test_whatever_the_suite_takes_from_node_has_a_stand_in() -> None:
    """A new import would break off its file in every engine."""
    taken = set()
    for path in (ROOT / "tests/js/queue").glob("*.mjs"):
        lines = (line for line in path.read_text().splitlines() if line.startswith("import"))
        taken |= {line.split('"')[1] for line in lines if '"' in line}

    assert {name for name in taken if not name.startswith(".")} == set(IMPORTS)
    assert all((ROOT / path.lstrip("/")).is_file() for path in IMPORTS.values())


def test_a_test_that_is_left_out_is_in_the_suite_and_has_a_reason() -> None:
    """A name that no test has any more would leave nothing out and say something untrue."""
    for (file, name), reason in NEEDS_REOPENING.items():
        assert f'test("{name}"' in (ROOT / file).read_text()
        assert reason


def test_an_absent_engine_is_named_with_its_packages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing was run, and the result says so instead of looking clean."""
    absent = Engine("firefox", ENGINES[0].launch, {"firefox-esr": lambda: False, "there": lambda: True})
    monkeypatch.setattr(campaign, "ENGINES", (absent,))

    result = campaign.run(range(1))

    assert capsys.readouterr().err == how_to_get(absent, ["firefox-esr"]) + "\n"
    assert result.counts == {"firefox absent": 1}
    assert not result.clean
    assert result.trials == 0


def test_the_sentence_on_an_absent_engine_can_be_followed() -> None:
    """It names what is missing and the command that gets it."""
    sentence = how_to_get(ENGINES[1], ["xvfb"])

    assert "xvfb is missing" in sentence
    assert "apt-get install --no-install-recommends python3-gi gir1.2-webkit2-4.1 xvfb" in sentence
