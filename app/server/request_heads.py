"""Heads that two servers could read in two ways: the one before us in another than we do.

Where a proxy and this server disagree about where a request ends or which host it is for, an attacker can
hide a request in another one. None of this is sent by a browser or by a proxy that is in order.
"""

from collections.abc import Sequence

Headers = Sequence[tuple[bytes, bytes]]


def fault_of_head(headers: Headers, target: bytes, version: str) -> str | None:
    """What is wrong with a head whose names are in lower case; None for one that has one meaning."""
    if version not in ("1.0", "1.1"):
        return "version"
    if not target.startswith(b"/"):
        return "target"
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) > 1 or (version == "1.1" and not hosts):
        return "host"
    if any(b"\r" in value or b"\n" in value or b"\x00" in value for _, value in headers):
        return "fold"
    return _fault_of_length(headers, version)


def _fault_of_length(headers: Headers, version: str) -> str | None:
    lengths = [value for name, value in headers if name == b"content-length"]
    codings = [value.strip().lower() for name, value in headers if name == b"transfer-encoding"]
    if len(lengths) > 1 or not all(value.isdigit() for value in lengths):
        return "length"
    if codings and (lengths or version != "1.1" or codings != [b"chunked"]):
        return "coding"
    return None
