"""Clients: who sent the request at hand, as far as fairness between clients goes; no more is done with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from flask import request

from ld.web.site import site

NOBODY = "unknown"
"""Whoever has no address that can be read; all of them are one client."""
LONGEST = 1024
"""Characters at the end of `X-Forwarded-For` that are looked at: some twenty proxies."""

_Address = IPv4Address | IPv6Address
_Network = IPv4Network | IPv6Network
_WITH_PORT = re.compile(r"\[(?P<six>[^\]]*)\](?::[0-9]*)?|(?P<four>[0-9.]+):[0-9]*")


def client() -> str:
    """Who sent the request at hand: an IPv4 address, or the /64 network of an IPv6 one."""
    forwarded = ",".join(request.headers.getlist("X-Forwarded-For"))
    return name(request.remote_addr or "", forwarded, site().settings.proxy_networks())


def name(peer: str, forwarded: str, proxies: Sequence[_Network]) -> str:
    """The name of the client of a connection from `peer` that came with `forwarded` as its `X-Forwarded-For`.

    Each proxy writes the address that it was asked from at the end of the header, so the header is read from there, and
    only as far as those who wrote it are believed: what a client writes into it by itself comes before that.

    >>> from ipaddress import ip_network
    >>> name("10.0.0.1", "1.2.3.4, 203.0.113.9", [ip_network("10.0.0.0/8")]), name("203.0.113.9", "1.2.3.4", [])
    ('203.0.113.9', '203.0.113.9')
    """
    last = None
    for text in (peer, *_backwards(forwarded)):
        address = read(text)
        if address is None:
            break  # a proxy that hides its clients
        last = address
        if not _within(address, proxies):
            break
    return group(last) if last else NOBODY


def read(text: str) -> _Address | None:
    """The address that a text is, with or without a port; None when it is none. IPv4 within IPv6 is IPv4.

    >>> read("[2001:db8::1]:443"), read("::ffff:203.0.113.9"), read("_hidden")
    (IPv6Address('2001:db8::1'), IPv4Address('203.0.113.9'), None)
    """
    text = text.strip()
    if found := _WITH_PORT.fullmatch(text):
        text = found["six"] or found["four"] or ""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return (address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address


def group(address: _Address) -> str:
    """The client that an address belongs to: whoever has one IPv6 address has all of its /64.

    >>> group(ip_address("2001:db8:1:2:3::4")), group(ip_address("203.0.113.9"))
    ('2001:db8:1:2::/64', '203.0.113.9')
    """
    if isinstance(address, IPv6Address):
        return str(IPv6Network((int(address) >> 64 << 64, 64)))
    return str(address)


def _backwards(forwarded: str) -> Iterable[str]:
    texts = forwarded[-LONGEST:].split(",") if forwarded else []
    if len(forwarded) > LONGEST:
        del texts[0]  # it may be the end of one only
    return reversed(texts)


def _within(address: _Address, networks: Sequence[_Network]) -> bool:
    return any(address in network for network in networks)
