"""Lets the packs of a recording be taken by a gateway that never heard of their journals. Pure; called by ``replayer``.

A gateway that finds a hole in a journal stores nothing and asks the node for what is missing (docs/protocol.md). Of a
recording nobody answers: where it begins in the middle, or lacks a pack, the pack's ``floor`` says so in the protocol's
own words, that what is missing is gone, and the gateway notes a gap.
"""

from __future__ import annotations

import json
from typing import Any

from vigie_contract import topics
from vigie_contract.errors import ContractError


class Journals:
    """What has been said of each journal so far."""

    def __init__(self) -> None:
        self._next: dict[tuple[str, str], int] = {}

    def fit(self, topic: str, payload: bytes) -> bytes:
        """The payload, with its floor raised where a hole is before it; anything else than a pack as it is."""
        if not _is_data(topic):
            return payload
        try:
            records: Any = json.loads(payload)
            head = records[0]
            journal, first, floor = head["journal"], head["first"], head["floor"]
            key, following = (topic, journal), first + len(records)
            if not isinstance(journal, str) or not floor <= first:
                return payload
        except (ValueError, TypeError, LookupError, RecursionError):
            return payload  # the gateway refuses it, as it did when it was recorded
        expected = self._next.get(key, 1)
        self._next[key] = max(expected, following)
        if first <= expected or floor == first:
            return payload
        head["floor"] = first
        return json.dumps(records, ensure_ascii=False, separators=(",", ":")).encode()


def _is_data(topic: str) -> bool:
    try:
        return topics.parse(topic).leaf == "data"
    except ContractError:
        return False
