"""The cookies of the built-in accounts.

One is the login. The other outlives it and holds the marks of the accounts that have signed in in this
browser, by which their attempts are counted apart from an unknown client's; it opens nothing.
"""

from litestar.datastructures import Cookie

from app.domain.identity.accounts import SignedIn
from app.web.cookies.host_cookie import HostCookie
from app.web.cookies.upload import UPLOAD

LOGIN = HostCookie("cp_login", max_chars=128)
KNOWN = HostCookie("cp_known", max_chars=1024)
# Browsers hold a cookie for 400 days at most; every sign-in renews it.
KNOWN_LIFETIME_S = 400 * 24 * 3600


def set_login(origin: str, login: SignedIn) -> list[Cookie]:
    """The cookie of a fresh login, which the server ends earlier when it is not used, and the marks."""
    return [
        LOGIN.write(origin, login.cookie, login.lifetime_s),
        KNOWN.write(origin, login.device_cookies, KNOWN_LIFETIME_S),
    ]


def end_login(origin: str) -> list[Cookie]:
    """Removes the login cookie, and the upload cookie whose session has ended with it; marks stay."""
    return [LOGIN.end(origin), UPLOAD.end(origin)]
