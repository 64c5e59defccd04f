"""What this computer is in its network: its address there, and how far that network goes."""

import contextlib
import fcntl
import socket
import struct

from app.embedded.certificates import USUAL_PREFIX

# Linux' own numbers; elsewhere the questions fail, and the usual mask is assumed.
_GET_ADDRESS, _GET_MASK = 0x8915, 0x891B


def lan_address() -> str | None:
    """This computer's address in its network, or None; asks the routing table and sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = str(probe.getsockname()[0])
    return None if address.startswith(("127.", "0.")) else address


def lan_prefix(address: str) -> int:
    """The length of the mask of the network in which this computer has an address."""
    wanted = socket.inet_aton(address)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, name in socket.if_nameindex():
            asked = struct.pack("256s", name[:15].encode())
            with contextlib.suppress(OSError):
                if fcntl.ioctl(probe, _GET_ADDRESS, asked)[20:24] == wanted:
                    return int.from_bytes(fcntl.ioctl(probe, _GET_MASK, asked)[20:24], "big").bit_count()
    return USUAL_PREFIX
