"""IP addresses as they are meant. Used where one is compared or judged: ``auth.access``, ``calendars.fetch``."""

from __future__ import annotations

import ipaddress


def ip_of(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The address; one of IPv4 that was written as IPv6 (``::ffff:127.0.0.1``, RFC 4291 §2.5.5.2) is of IPv4.

    Raises:
        ValueError: It is none.
    """
    address = ipaddress.ip_address(text)
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
