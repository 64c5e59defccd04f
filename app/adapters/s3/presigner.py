"""SigV4 for many requests of one kind: botocore writes what is signed, once, with marks in it.

Requests of one kind differ in a few values that need no encoding (ids, a length, a digest, the
time). So botocore is asked for the canonical request and the URL of a kind with a mark in the
place of each such value, and every signature then puts the values where the marks are.
"""

import hmac
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest

# botocore takes the day from the first eight characters of the moment.
_DAY = "--day---"
_MOMENT = f"{_DAY}moment--"

# URL and headers of one kind of request with these values in it.
Write = Callable[[str, Mapping[str, str]], tuple[str, Mapping[str, str]]]


class _Form(NamedTuple):
    """What is signed and what is asked for, with ``%(name)s`` where a value goes."""

    canonical: str
    url: str


class Presigner:
    """One method's signatures; keeps the forms and the day's key of the credentials used last."""

    def __init__(
        self, method: str, region: str, credentials: Callable[[], Any], seconds: int, write: Write
    ) -> None:
        self._method = method
        self._region = region
        self._credentials = credentials
        self._seconds = seconds
        self._write = write
        self._signing: _Signing | None = None

    def sign(self, kind: str, values: Mapping[str, str], at: datetime) -> str:
        """The signed URL of one request; nothing in ``values`` may need encoding in a URL."""
        signing = self._signing_now()
        form = signing.forms.get(kind) or self._form(signing, kind, values)
        moment = at.strftime("%Y%m%dT%H%M%SZ")
        filled = {**values, "moment": moment, "day": moment[:8]}
        return f"{form.url % filled}&X-Amz-Signature={signing.signature(form.canonical % filled, moment)}"

    def _signing_now(self) -> "_Signing":
        """A role's credentials change every few hours; whatever was signed with the old ones is gone."""
        keys = self._credentials()
        identity = (keys.access_key, keys.secret_key, keys.token)
        signing = self._signing
        if signing is None or signing.identity != identity:
            auth = S3SigV4QueryAuth(keys, "s3", self._region, expires=self._seconds)
            signing = self._signing = _Signing(identity, auth)
        return signing

    def _form(self, signing: "_Signing", kind: str, names: Iterable[str]) -> _Form:
        """What botocore makes of a request of this kind with a mark for each value."""
        marks = {name: f"--{name}--" for name in names}
        url, headers = self._write(kind, marks)
        request = AWSRequest(self._method, url, headers)
        request.context["timestamp"] = _MOMENT
        signing.auth._modify_request_before_signing(request)
        marks |= {"moment": _MOMENT, "day": _DAY}
        form = _Form(_gaps(signing.auth.canonical_request(request), marks), _gaps(request.url, marks))
        signing.forms[kind] = form
        return form


class _Signing:
    """What one set of credentials has in common: botocore's signer, the forms, the day's key."""

    def __init__(self, identity: tuple[str, str, str | None], auth: Any) -> None:
        self.identity = identity
        self.auth = auth
        self.forms: dict[str, _Form] = {}
        self._day_key: tuple[str, bytes] = ("", b"")

    def signature(self, canonical: str, moment: str) -> str:
        text = self.auth.string_to_sign(_Dated({"timestamp": moment}), canonical)
        return hmac.digest(self._key(moment[:8]), text.encode(), "sha256").hex()

    def _key(self, day: str) -> bytes:
        kept_for, key = self._day_key
        if kept_for != day:
            key = f"AWS4{self.identity[1]}".encode()
            for part in (day, self.auth._region_name, "s3", "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._day_key = (day, key)
        return key


class _Dated(NamedTuple):
    """As much of a request as botocore's string to sign depends on."""

    context: dict[str, str]


def _gaps(text: str, marks: Mapping[str, str]) -> str:
    text = text.replace("%", "%%")
    for name, mark in marks.items():
        text = text.replace(mark, f"%({name})s")
    return text
