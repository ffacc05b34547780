"""Which network addresses an agent may reach. Knows no request."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address

_METADATA = frozenset({IPv4Address("168.63.129.16"), IPv4Address("192.0.0.192")})
"""Addresses of clouds' own services that are not marked as private."""
_TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))
_COMPATIBLE = IPv6Network("::/96")


def is_public(text: str) -> bool:
    """Whether this address belongs to the public internet: not to this machine, its networks or its cloud.

    An IPv6 address that stands for an IPv4 address is judged by both.
    """
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return all(_is_public(each) for each in (address, *_embedded(address)))


def _is_public(address: Address) -> bool:
    return address.is_global and not (address.is_multicast or address.is_reserved or address in _METADATA)


def _embedded(address: Address) -> list[IPv4Address]:
    if isinstance(address, IPv4Address):
        return []
    last = IPv4Address(int(address) & 0xFFFFFFFF)
    found = [last] if address in _COMPATIBLE or any(address in network for network in _TRANSLATED) else []
    found += [each for each in (address.ipv4_mapped, address.sixtofour) if each is not None]
    return found + list(address.teredo or ())
