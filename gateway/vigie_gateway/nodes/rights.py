"""What nodes may say at the broker, bound to the site once it is known. Called by ``node add`` and ``install``; pure.

The shipped rights let a node speak in any site, since the broker is installed before the place has its name. A stolen
node could then leave a retained message for each name that it thinks of, until the broker's memory is full for
everybody.
"""

from __future__ import annotations

import re

from vigie_contract.topics import ID_PATTERN, check_id

_OF_NODES = re.compile(rf"^(pattern (?:read|write|readwrite) vigie/1/)(\+|{ID_PATTERN})(/%u/.*)$", re.MULTILINE)
OWN_LINES = "# The place's own lines, below: install and upgrade keep what stands under this line.\n"
"""Ends the shipped list. Another wording would lose the lines of every place at its next upgrade."""
_NAMED = re.compile(r"^[ \t]*user[ \t]+(\S+)", re.MULTILINE)


def named_users(rights: str) -> frozenset[str]:
    """Users who have rights of their own: a node of such a name would have them too."""
    return frozenset(_NAMED.findall(rights))


def bound(rights: str, site: str) -> str:
    """The access list with nodes bound to that site; raises ContractError when it is no id."""
    check_id(site, "site")
    return _OF_NODES.sub(rf"\g<1>{site}\g<3>", rights)


def shipped_part(rights: str) -> str:
    """The access list up to the place's own lines."""
    before, mark, _ = rights.partition(OWN_LINES)
    return before + mark


def renewed(shipped: str, present: str) -> str:
    """A shipped access list, with the site and the place's own lines of the one that is there."""
    sites = sites_of(shipped_part(present))
    text = bound(shipped, *sites) if len(sites) == 1 and "+" not in sites else shipped
    _, _, own = present.partition(OWN_LINES)
    if not own.strip():
        return text
    return (text if OWN_LINES in text else f"{text}\n{OWN_LINES}") + own


def unbound(rights: str) -> str:
    """The access list as it was shipped."""
    return _OF_NODES.sub(r"\g<1>+\g<3>", rights)


def sites_of(rights: str) -> frozenset[str]:
    """In which sites nodes may speak; ``+`` is any."""
    return frozenset(match[2] for match in _OF_NODES.finditer(rights))
