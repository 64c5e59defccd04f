"""Verifies presigned requests to the built-in store with botocore's own signer.

The request is rebuilt from what was signed and signed again; everything that a signature leaves open
is refused by rules of its own. S3 itself is laxer in places; nothing here needs to be.
"""

import hmac
import re
from collections.abc import Container, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import msgspec
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from app.config.variables import host_name, is_loopback
from app.domain.photos.bucket import SESSION_PARAMETER, UPLOAD_HEADERS, BucketAccess
from app.embedded.store.responses import StoreError

_FUTURE = timedelta(minutes=15)
_LONGEST = 604_800
_PATH = re.compile(r"/[A-Za-z0-9._~/-]+")
_QUERY = re.compile(r"[!$-;=?-~]*")
_SIGNATURE = "X-Amz-Signature"
_SIGNING = frozenset(
    {"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", _SIGNATURE}
)
_OVERRIDES = frozenset(
    {
        "response-cache-control",
        "response-content-disposition",
        "response-content-type",
        SESSION_PARAMETER,
    }
)


class StoreHosts:
    """The ``Host`` headers under which the store is known; with ``own``, this computer's names among them."""

    def __init__(self, hosts: Iterable[str], *, own: bool) -> None:
        self._hosts = frozenset(hosts)
        self._own = own

    def __contains__(self, host: object) -> bool:
        if host in self._hosts:
            return True
        return self._own and is_loopback(host_name(str(host)))


class StoreRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request as it came: raw path, raw query, header names in lower case."""

    method: str
    path: str
    query: str
    headers: dict[str, str]
    repeated: frozenset[str] = frozenset()


def read_request(scope: Any) -> StoreRequest:
    """From an ASGI scope; a header that comes twice is remembered, since it can hide another."""
    headers: dict[str, str] = {}
    repeated = set()
    for raw_name, raw_value in scope["headers"]:
        name = raw_name.decode("latin-1").lower()
        if name in headers:
            repeated.add(name)
        headers[name] = raw_value.decode("latin-1")
    return StoreRequest(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        repeated=frozenset(repeated),
    )


def verify(
    request: StoreRequest, access: BucketAccess, hosts: Container[str], now: datetime
) -> dict[str, str]:
    """The signed overrides of the answer's headers, and the session.

    Raises ``StoreError`` with the status that S3 answers, for all but a true signature.
    """
    if not _PATH.fullmatch(request.path) or not _QUERY.fullmatch(request.query):
        raise StoreError(400, "InvalidURI", "The address could not be read.")
    query = _parse_query(request)
    if request.headers.get("host", "").lower() not in hosts:
        raise StoreError(403, "AccessDenied", "The store is not known under this host name.")
    _check_scope(query, access)
    _check_times(query, now)
    signed = _signed_headers(request, query["X-Amz-SignedHeaders"])
    expected, given = _signature(request, query, signed, access), query[_SIGNATURE]
    if not hmac.compare_digest(expected.encode(), given.encode()):
        raise StoreError(403, "SignatureDoesNotMatch", "The signature does not fit the request.")
    return {name: value for name, value in query.items() if name in _OVERRIDES}


def _parse_query(request: StoreRequest) -> dict[str, str]:
    query: dict[str, str] = {}
    for pair in filter(None, request.query.split("&")):
        name, _, value = pair.partition("=")
        if name in query:
            raise StoreError(400, "InvalidArgument", "A parameter came twice.")
        query[name] = unquote(value)
    if "authorization" in request.headers or not query.keys() >= _SIGNING:
        raise StoreError(403, "AccessDenied", "Only presigned addresses are served.")
    # An unknown name may be a sub-resource (acl, policy, uploads), which S3 would treat as a
    # different operation; there are none here.
    if query.keys() - _SIGNING - (_OVERRIDES if request.method in ("GET", "HEAD") else frozenset()):
        raise StoreError(400, "InvalidArgument", "A parameter is not known.")
    return query


def _check_scope(query: dict[str, str], access: BucketAccess) -> None:
    day = query["X-Amz-Date"][:8]
    scope = f"{access.access_key}/{day}/{access.region}/s3/aws4_request"
    if query["X-Amz-Algorithm"] != "AWS4-HMAC-SHA256":
        raise StoreError(400, "AuthorizationQueryParametersError", "The algorithm is not known.")
    if query["X-Amz-Credential"] != scope:
        raise StoreError(403, "InvalidAccessKeyId", "The key, the day, the region or the service is wrong.")


def _check_times(query: dict[str, str], now: datetime) -> None:
    try:
        signed_at = datetime.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise StoreError(400, "AuthorizationQueryParametersError", "The date cannot be read.") from None
    seconds = query["X-Amz-Expires"]
    if not re.fullmatch("[0-9]{1,6}", seconds) or not 1 <= int(seconds) <= _LONGEST:
        raise StoreError(
            400, "AuthorizationQueryParametersError", "The lifetime is not between 1 s and a week."
        )
    if signed_at > now + _FUTURE:
        raise StoreError(403, "AccessDenied", "The address is not valid yet.")
    if now > signed_at + timedelta(seconds=int(seconds)):
        raise StoreError(403, "AccessDenied", "The address has expired.")


def _signed_headers(request: StoreRequest, listed: str) -> dict[str, str]:
    """The headers that the signature covers, which must be all that matter."""
    names = set(listed.split(";"))
    required = {"host", *(UPLOAD_HEADERS if request.method == "PUT" else ())}
    unsigned = {name for name in request.headers if name.startswith("x-amz-")} - names
    if unsigned or not names >= required:
        raise StoreError(403, "AccessDenied", "A header that must be signed is not.")
    if not names <= request.headers.keys() or names & request.repeated:
        raise StoreError(403, "SignatureDoesNotMatch", "A signed header is missing or came twice.")
    return {name: request.headers[name] for name in names}


def _signature(
    request: StoreRequest, query: dict[str, str], signed: dict[str, str], access: BucketAccess
) -> str:
    auth = S3SigV4QueryAuth(Credentials(access.access_key, access.secret_key), "s3", access.region)
    pairs = [pair for pair in request.query.split("&") if not pair.startswith(f"{_SIGNATURE}=")]
    url = f"https://{request.headers['host']}{request.path}?{'&'.join(pairs)}"
    rebuilt = AWSRequest(request.method, url, signed)
    rebuilt.context["timestamp"] = query["X-Amz-Date"]
    signature: str = auth.signature(auth.string_to_sign(rebuilt, auth.canonical_request(rebuilt)), rebuilt)
    return signature
