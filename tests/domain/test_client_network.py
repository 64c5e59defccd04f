"""What counts as one client."""

import pytest

from app.domain.client_network import client_network


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("a socket", ""),
        ("fe80::7%eth0", "fe80::/64"),
    ],
)
def test_one_ipv6_network_counts_as_one_address(host: str, counted: str) -> None:
    """A client with one IPv6 address has a network full of them."""
    assert client_network(host) == counted
