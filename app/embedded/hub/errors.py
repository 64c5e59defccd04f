"""Refusals in the words of the Ably protocol: the client decides by the code what to do next.

40140-40149 make it fetch another token, other codes below 50000 end the connection until a user
acts, and everything that is only temporary carries a status of 500 or more.
"""


class HubError(Exception):
    """A refusal; ``message`` is shown to developers and never holds a token."""

    def __init__(self, code: int, status: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.message = message

    def body(self) -> dict[str, object]:
        """The error as clients read it, in a frame or in an HTTP answer."""
        return {"code": self.code, "statusCode": self.status, "message": self.message}


def bad_frame() -> HubError:
    """A frame or body that is no protocol message."""
    return HubError(40000, 400, "The message could not be read.")


def bad_credentials() -> HubError:
    """A key, key name or signature that is not this hub's."""
    return HubError(40101, 401, "The credentials are not valid here.")


def wrong_client() -> HubError:
    """A renewed token that belongs to another client."""
    return HubError(40102, 401, "The token belongs to another client.")


def stale_request() -> HubError:
    """A token request from outside the accepted time window."""
    return HubError(40104, 401, "The time of the token request is not acceptable.")


def replayed_request() -> HubError:
    """A token request that was used before."""
    return HubError(40105, 401, "The token request was used before.")


def token_revoked() -> HubError:
    """A token whose session has ended."""
    return HubError(40141, 401, "The session of the token has ended.")


def token_expired() -> HubError:
    """A token past its time."""
    return HubError(40142, 401, "The token has expired.")


def token_invalid() -> HubError:
    """A token that this hub did not sign, or that does not say what it may do."""
    return HubError(40144, 401, "The token is not valid.")


def not_permitted() -> HubError:
    """A channel or an operation outside the token's capability."""
    return HubError(40160, 401, "The token does not permit this.")


def no_such_message() -> HubError:
    """A continuation that the hub no longer remembers."""
    return HubError(80008, 400, "Earlier messages are no longer known.")


def going_away() -> HubError:
    """The hub stops or is full; the client reconnects by itself."""
    return HubError(80003, 503, "The server is not available for a moment.")
