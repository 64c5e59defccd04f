"""The worker stopped a hundred times, in every phase of its work: nothing lost, doubled or misfiled."""

import pytest
from playwright.sync_api import Playwright

from campaigns.browser.broken import STOPPED, Build
from campaigns.browser.kills import result_of
from campaigns.browser.setting import Setting
from campaigns.browser.stops import PHASES, STOPS, control, stop_often

BATCHES = 5


@pytest.mark.parametrize("first", range(0, 25, BATCHES))
def test_photos_survive_a_worker_that_is_stopped_again_and_again(setting: Setting, first: int) -> None:
    """Five batches, four stops each; ten stops of each phase over all."""
    seeds = range(first, first + BATCHES)

    rounds = [one for seed in seeds for one in stop_often(setting, seed)]

    result = result_of("gate", seeds, rounds, [], BATCHES)
    assert result.failures == []
    assert result.trials == BATCHES * STOPS
    assert {one.point for one in rounds} == set(PHASES)
    assert result.clean


@pytest.mark.parametrize("build", STOPPED, ids=[build.name for build in STOPPED])
def test_a_build_that_fails_is_found_out(playwright: Playwright, build: Build) -> None:
    """The same stops against a program with one known fault lead to the finding they must lead to."""
    assert control(playwright, build).caught == 1
