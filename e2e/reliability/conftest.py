"""One setting for each test process: starting a clinic and signing a phone in takes longer than a round."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Playwright

from campaigns.browser.rounds import Settings
from campaigns.browser.setting import Setting


@pytest.fixture(scope="session")
def settings(playwright: Playwright) -> Iterator[Settings]:
    """The setting of a failed test is not used again."""
    settings = Settings(playwright)
    yield settings
    settings.close()


@pytest.fixture
def setting(settings: Settings) -> Setting:
    """A clinic, a phone and their history."""
    return settings.get()
