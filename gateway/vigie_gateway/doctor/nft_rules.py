"""What nftables does with a new connection from the place's network, by its own listing in JSON; pure.

Called by ``firewall``. Rules depend on things that are not known beforehand (who asks, on which interface): such a rule
leaves both ways possible, and what follows may decide. Format: libnftables-json(5).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

ACCEPT, DROP = "accept", "drop"
_GOES_ON, _ENDS = "goes on", "ends this chain"
_TERMINAL = {"accept": ACCEPT, "drop": DROP, "reject": DROP}
_NUMBERS = {"tcp": 6, "udp": 17}
MOST_JUMPS = 16
"""As many as the kernel follows (NFT_JUMP_STACK_SIZE). Higher would let a listing that is none lead in circles."""
_FAMILIES = {"ip", "inet"}
"""Of tables that see IPv4, by which phones and nodes come."""


class RulesError(Exception):
    """What was printed is no listing of nftables; one line for a person."""


@dataclass(frozen=True, slots=True)
class Packet:
    """The first packet of a connection from elsewhere in the place, over IPv4.

    Attributes:
        protocol: ``tcp`` or ``udp``.
        port: Of this machine.
        group: The multicast address that it goes to; empty for this machine's own.
    """

    protocol: str
    port: int
    group: str = ""


class Rules:
    """A whole listing."""

    def __init__(self, listing: str) -> None:
        """Take what ``nft --json list ruleset`` printed; raises RulesError."""
        try:
            entries = json.loads(listing)["nftables"]
            found = [entry for entry in entries if isinstance(entry, dict)]
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise RulesError("nft did not print its rules as JSON") from error
        self._rules: dict[tuple[Any, ...], list[list[Any]]] = {}
        self._sets: dict[tuple[Any, ...], list[Any]] = {}
        chains = []
        for entry in found:
            for kind, body in entry.items():
                if not isinstance(body, dict):
                    continue
                if kind == "chain":
                    chains.append(body)
                elif kind == "rule" and isinstance(body.get("expr"), list):
                    self._rules.setdefault(_key(body, "chain"), []).append(body["expr"])
                elif kind == "set" and isinstance(body.get("elem"), list):
                    self._sets[_key(body, "name")] = body["elem"]
        self._bases = [
            body for body in chains if body.get("hook") == "input" and body.get("family") in _FAMILIES
        ]  # fmt: skip

    @property
    def is_empty(self) -> bool:
        """Whether nothing looks at what comes in."""
        return not self._bases

    def outcomes(self, packet: Packet) -> frozenset[str]:
        """What may become of it: ``accept`` or ``drop``, or both where it depends on what is not known."""
        possible = frozenset({ACCEPT})
        for base in self._bases:
            found = self._through(_key(base, "name"), packet, 0)
            if _GOES_ON in found:
                found = found - {_GOES_ON} | {DROP if base.get("policy") == "drop" else ACCEPT}
            if found == {DROP}:
                return found
            possible |= found
        return possible

    def _through(self, chain: tuple[Any, ...], packet: Packet, jumps: int) -> frozenset[str]:
        possible: frozenset[str] = frozenset()
        for expressions in self._rules.get(chain, []):
            is_met, done = self._rule(expressions, packet, chain, jumps)
            if is_met is False:
                continue
            possible |= done - {_GOES_ON}
            if is_met and _GOES_ON not in done:
                break
        else:
            possible |= {_GOES_ON}
        return possible - {_ENDS} | {_GOES_ON} if _ENDS in possible else possible

    def _rule(
        self, expressions: Sequence[Any], packet: Packet, chain: tuple[Any, ...], jumps: int
    ) -> tuple[bool | None, frozenset[str]]:
        """Whether a rule is met, None where that is not known, and what it may do then."""
        is_met: bool | None = True
        for expression in expressions:
            if not isinstance(expression, dict) or len(expression) != 1:
                return None, frozenset({ACCEPT, DROP, _GOES_ON})
            ((kind, body),) = expression.items()
            if kind == "match":
                here = self._match(body, packet, chain)
                if here is False:
                    return False, frozenset()
                is_met = None if here is None else is_met
            elif kind in {"xt", "limit", "quota", "fib", "socket"}:
                is_met = None  # of iptables' own kind, or by amount
            elif kind == "vmap":
                return is_met, self._by_map(body, packet, chain, jumps)
            else:
                done = self._verdict(kind, body, chain, packet, jumps)
                if done is not None:
                    return is_met, done
        return is_met, frozenset({_GOES_ON})

    def _verdict(
        self, kind: str, body: Any, chain: tuple[Any, ...], packet: Packet, jumps: int
    ) -> frozenset[str] | None:
        if kind in _TERMINAL:
            return frozenset({_TERMINAL[kind]})
        if kind in {"jump", "goto"} and isinstance(body, dict):
            if jumps >= MOST_JUMPS:
                return frozenset({ACCEPT, DROP, _GOES_ON})
            found = self._through((*chain[:2], str(body.get("target"))), packet, jumps + 1)
            is_back = kind == "jump" or _GOES_ON not in found
            return found if is_back else found - {_GOES_ON} | {_ENDS}
        return {"return": frozenset({_ENDS}), "continue": frozenset({_GOES_ON})}.get(kind)

    def _by_map(self, body: Any, packet: Packet, chain: tuple[Any, ...], jumps: int) -> frozenset[str]:
        pairs = body.get("data") if isinstance(body, dict) else None
        pairs = pairs.get("set") if isinstance(pairs, dict) else self._sets.get((*chain[:2], str(pairs).lstrip("@")))
        if not isinstance(pairs, list):
            return frozenset({ACCEPT, DROP, _GOES_ON})
        possible = frozenset({_GOES_ON})
        for pair in pairs:
            if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[1], dict):  # noqa: PLR2004 - key and verdict
                continue
            is_met = self._match({"op": "==", "left": body.get("key"), "right": pair[0]}, packet, chain)
            done: frozenset[str] = frozenset()
            for kind, target in pair[1].items():
                done |= self._verdict(kind, target, chain, packet, jumps) or frozenset({_GOES_ON})
            if is_met:
                return done
            possible |= done if is_met is None else frozenset()
        return possible

    def _match(self, body: Any, packet: Packet, chain: tuple[Any, ...]) -> bool | None:
        if not isinstance(body, Mapping):
            return None
        found = self._is_among(_value(body.get("left"), packet), body.get("right"), chain)
        if found is None or body.get("op") in {"==", "in", None}:
            return found
        return not found if body.get("op") == "!=" else None

    def _is_among(self, value: Any, right: Any, chain: tuple[Any, ...]) -> bool | None:
        """Whether a value of the packet is, or is among, what a rule names; None where that is not known."""
        if value is _UNKNOWN or value is _NEVER:
            return None if value is _UNKNOWN else False
        if isinstance(right, str) and right.startswith("@"):
            right = self._sets.get((*chain[:2], right[1:]))
        if isinstance(right, Mapping):
            if isinstance(right.get("range"), list):
                return _is_within(value, right["range"])
            right = right.get("set", right.get("elem"))
            right = right.get("val") if isinstance(right, Mapping) else right
        if isinstance(right, list):
            found = [self._is_among(value, each, chain) for each in right]
            return True if True in found else None if None in found else False
        return _is_same(value, right)


_UNKNOWN, _NEVER, _OTHER_THAN_LO = object(), object(), object()


def _is_within(value: Any, ends: list[Any]) -> bool | None:
    if len(ends) != 2 or not all(isinstance(each, int) for each in (*ends, value)):  # noqa: PLR2004 - from, to
        return None
    return bool(ends[0] <= value <= ends[1])


def _is_same(value: Any, named: Any) -> bool | None:
    if not isinstance(named, str | int):
        return None
    if value is _OTHER_THAN_LO:
        return False if named == "lo" else None
    return named in {value, _NUMBERS.get(value)}


def _value(left: Any, packet: Packet) -> Any:  # noqa: PLR0911 - one for each thing that a rule may ask
    """What the packet has of what a rule asks; ``_NEVER``: it is of another kind."""
    if not isinstance(left, Mapping) or len(left) != 1:
        return _UNKNOWN
    ((kind, body),) = left.items()
    if not isinstance(body, Mapping):
        return _UNKNOWN
    key = body.get("key", body.get("field"))
    if kind == "ct" and key == "state":
        return "new"
    if kind == "meta":
        known = {"l4proto": packet.protocol, "nfproto": "ipv4", "protocol": "ip"}
        return _OTHER_THAN_LO if key in {"iifname", "iif"} else known.get(str(key), _UNKNOWN)
    if kind != "payload":
        return _UNKNOWN
    protocol = body.get("protocol")
    if protocol in {"tcp", "udp", "th", "sctp", "dccp", "icmp", "icmpv6"}:
        if protocol not in {"th", packet.protocol}:
            return _NEVER
        return {"dport": packet.port, "flags": "syn"}.get(str(key), _UNKNOWN)
    if protocol == "ip6":
        return _NEVER
    if protocol == "ip" and key == "protocol":
        return packet.protocol
    return packet.group or _UNKNOWN if protocol == "ip" and key == "daddr" else _UNKNOWN


def _key(body: Mapping[str, Any], name: str) -> tuple[Any, ...]:
    return tuple(str(body.get(part)) for part in ("family", "table", name))
