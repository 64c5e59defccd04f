"""Why something on the network could not be asked, in an operator's words."""

import socket
import ssl
from collections.abc import Iterator

import httpx

# The limit of one request: shorter than a phone's, since an operator waits for ``doctor``.
QUESTION_S = 6.0
UNTRUSTED = "Its certificate is not trusted here"


def open_client(
    transport: httpx.AsyncBaseTransport | None = None, authorities: str = ""
) -> httpx.AsyncClient:
    """Follows no redirect, since a browser would not either where it counts.

    Trusts what this machine trusts, or the certificate authorities in a file; ``OSError`` where it is none.
    """
    verify = ssl.create_default_context(cafile=authorities) if authorities else True
    return httpx.AsyncClient(transport=transport, verify=verify, follow_redirects=False, timeout=QUESTION_S)


def unreachable(problem: BaseException) -> str:
    """A sentence; never the text of the error, which may hold an address with its signature."""
    for one in _chain(problem):
        if isinstance(one, socket.gaierror):
            return "Its host name leads nowhere (DNS)."
        if isinstance(one, ssl.SSLCertVerificationError):
            return f"{UNTRUSTED} ({one.verify_message})."
        if isinstance(one, ssl.SSLError):
            return "It does not speak TLS as https needs it."
        if isinstance(one, ConnectionRefusedError):
            return "Nothing answers at its address (connection refused)."
        if isinstance(one, (httpx.TimeoutException, TimeoutError)):
            return f"It did not answer within {QUESTION_S:g} s."
    return f"It cannot be reached ({type(problem).__name__})."


def _chain(problem: BaseException | None) -> Iterator[BaseException]:
    while problem is not None:
        yield problem
        if isinstance(problem, BaseExceptionGroup):
            problem = problem.exceptions[0]
        else:
            problem = problem.__cause__ or problem.__context__
