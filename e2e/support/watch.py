"""Observes every page: console errors, CSP reports and unhandled rejections fail the test."""

import re

from playwright.sync_api import BrowserContext, ConsoleMessage

REPORT_CSP = """
addEventListener('securitypolicyviolation', (e) =>
  console.error('CSP report: ' + e.effectiveDirective + ' ' + e.blockedURI));
"""

# A page that is left or closed while it opens its signals; no fault of the page.
LEFT_WHILE_CONNECTING = re.compile("failed: WebSocket is closed before the connection is established")


class Watch:
    """Collects what no page of ours may do; ``allow`` names what a test provokes on purpose."""

    def __init__(self) -> None:
        self.complaints: list[str] = []
        # Before a sign-in, the request for a token is answered with 401.
        self._allowed = [re.compile(r"status of 401 .*/api/session/token"), LEFT_WHILE_CONNECTING]

    def allow(self, *patterns: str) -> None:
        """Expect console lines that match, e.g. those of a link which the test cuts."""
        self._allowed += [re.compile(pattern) for pattern in patterns]

    def context(self, context: BrowserContext) -> None:
        """Watch every page of a context, those still to come as well."""
        context.add_init_script(REPORT_CSP)
        context.on("console", self._console)
        context.on("weberror", lambda error: self._note(f"unhandled: {error.error}"))

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._note(f"console {message.type}: {message.text} ({message.location.get('url', '')})")

    def _note(self, complaint: str) -> None:
        self.complaints.append(complaint)

    def verdict(self) -> list[str]:
        """What was seen and not allowed."""
        return [
            complaint
            for complaint in self.complaints
            if not any(pattern.search(complaint) for pattern in self._allowed)
        ]
