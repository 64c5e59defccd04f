"""The browser killed sixty times, five at each named point: nothing lost, doubled, misfiled or stuck."""

import pytest
from playwright.sync_api import Playwright

from campaigns.browser.broken import KILLED, Build
from campaigns.browser.kills import control, kill_once, result_of
from campaigns.browser.points import POINTS
from campaigns.browser.setting import Setting

TIMES = 5


@pytest.mark.parametrize("number", range(len(POINTS)), ids=[point.name for point in POINTS])
def test_photos_survive_a_kill(setting: Setting, number: int) -> None:
    """Five kills at one point; the checker finds nothing, and every kill hit its point."""
    seeds = range(number, number + len(POINTS) * TIMES, len(POINTS))

    result = result_of("gate", seeds, [kill_once(setting, seed) for seed in seeds], [], TIMES)

    assert result.failures == []
    assert result.trials == TIMES
    assert result.clean


@pytest.mark.parametrize("build", KILLED, ids=[build.name for build in KILLED])
def test_a_build_that_fails_is_found_out(playwright: Playwright, build: Build) -> None:
    """The same kill against a program with one known fault leads to the finding it must lead to."""
    assert control(playwright, build).caught == 1
