"""What counts as one client, by the address of its connection."""

import ipaddress


def client_network(host: str) -> str:
    """An IPv4 address, also where IPv6 carries it, or the /64 network that one IPv6 subscriber has.

    Empty for what is no address, such as the path of a socket.
    """
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))
