"""One setting for each test process: starting a clinic and signing a phone in takes longer than a round."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Playwright

from campaigns.browser.setting import Setting, open_setting


@pytest.fixture(scope="session")
def setting(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setting]:
    """A clinic, a phone and the books on them."""
    with open_setting(tmp_path_factory.mktemp("setting"), playwright) as setting:
        yield setting
