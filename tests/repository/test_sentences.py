"""What stops a command is said in one sentence; an unexpected error keeps its traceback."""

import errno

from app.__main__ import _sentence


def test_a_disk_that_fails_without_naming_a_file_is_said_to_fail() -> None:
    """A failed write or sync names none."""
    for number in (errno.ENOSPC, errno.EIO, errno.EROFS):
        assert "The disk cannot be used" in str(_sentence(OSError(number, "some reason")))


def test_a_file_that_cannot_be_used_is_named() -> None:
    """So that an operator knows where to look."""
    assert "data/objects cannot be used" in str(_sentence(OSError(errno.EACCES, "denied", "data/objects")))


def test_an_unexpected_error_keeps_its_traceback() -> None:
    """The control: not everything is called a matter of the disk."""
    assert _sentence(OSError(errno.ECONNRESET, "reset")) is None
    assert _sentence(ValueError("anything")) is None
