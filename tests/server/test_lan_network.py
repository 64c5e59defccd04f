"""The network that this computer is in, for which the certificate authority may issue certificates."""

import psutil

from app.embedded.certificates import USUAL_PREFIX
from app.server.lan import lan_prefix


def test_each_address_of_this_computer_has_the_mask_of_its_interface() -> None:
    """Compared with another library's answer, for the loopback network at least."""
    asked = 0
    for addresses in psutil.net_if_addrs().values():
        first = next((each for each in addresses if each.family.name == "AF_INET" and each.netmask), None)
        if first is not None:
            bits = sum(int(part).bit_count() for part in first.netmask.split("."))
            assert lan_prefix(first.address) == bits, first
            asked += 1

    assert asked >= 1


def test_an_address_that_is_not_ours_has_the_usual_mask() -> None:
    """Where the system cannot be asked, as on a Mac."""
    assert lan_prefix("203.0.113.9") == USUAL_PREFIX
