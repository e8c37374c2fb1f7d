"""``[[activities]]`` and ``[[equipment]]`` of ``site.toml``: what sessions ask of this place, where it knows better.

Read by ``site``; what comes out are the values of ``capacity.activities``, Vigie's own with the site's changes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from vigie_gateway.capacity.activities import BUILT_IN, Activities, Activity, Equipment
from vigie_gateway.place.entries import Id, Names
from vigie_gateway.place.table import Table
from vigie_gateway.place.wifi import FIT_SCORE, VIDEO_CALL, WEB, WEB_SCORE

_LONGEST_SOURCE = 200
"""Characters: a line on a page. Shorter cuts a title off, longer is an essay."""


def _check_amount(number: float) -> float:
    if not 0 <= number < math.inf:
        raise ValueError("a number, 0 or more")
    return number


def _check_share(number: float) -> float:
    if not 0 <= number <= 1:
        raise ValueError("a share, 0 to 1")
    return number


def _check_few(number: float) -> float:
    if not 0 <= number <= 20:  # noqa: PLR2004 - what nobody carries
        raise ValueError("a number, 0 to 20")
    return number


def _check_source(text: str) -> str:
    if not text.strip() or not text.isprintable() or len(text) > _LONGEST_SOURCE:
        raise ValueError("where the numbers are from, in a line")
    return text


_Amount = Annotated[float, Field(strict=True), AfterValidator(_check_amount)]
_Share = Annotated[float, Field(strict=True), AfterValidator(_check_share)]
_Few = Annotated[float, Field(strict=True), AfterValidator(_check_few)]
_Pieces = Annotated[int, Field(strict=True, ge=0, le=1_000)]
_Octets = Annotated[int, Field(strict=True, ge=1, le=65_535)]
_Source = Annotated[str, AfterValidator(_check_source)]

_LATENCY = {"call": (VIDEO_CALL, FIT_SCORE), "stream": (VIDEO_CALL, WEB_SCORE), "web": (WEB, WEB_SCORE)}
"""By the word of the file: what is asked of latency, and from which score on it is well."""


class ActivityTable(Table):
    """``[[activities]]``: a new one, or other numbers for one that Vigie knows."""

    id: Id
    name: Names | None = None
    source: _Source
    as_of: date
    download_bps: _Amount | None = None
    upload_bps: _Amount | None = None
    shared_download_bps: _Amount | None = None
    shared_upload_bps: _Amount | None = None
    packet_octets: _Octets | None = None
    active_share: _Share | None = None
    devices_per_person: _Few | None = None
    outlets_per_person: _Few | None = None
    outlet_power_w: _Amount | None = None
    latency: Literal["call", "stream", "web"] | None = None
    lighter: Id | None = None

    @model_validator(mode="after")
    def _check_new(self) -> ActivityTable:
        if self.id not in BUILT_IN.by_id and None in (self.name, self.download_bps, self.upload_bps):
            known = ", ".join(BUILT_IN.by_id)
            raise ValueError(f"name, download_bps and upload_bps, since it is none that Vigie knows ({known})")
        return self

    def to_activity(self) -> Activity:
        """Of a known one only the keys that are there change."""
        given: dict[str, Any] = {
            name: value
            for name in (
                "download_bps",
                "upload_bps",
                "shared_download_bps",
                "shared_upload_bps",
                "packet_octets",
                "active_share",
                "devices_per_person",
                "outlets_per_person",
                "outlet_power_w",
                "lighter",
            )
            if (value := getattr(self, name)) is not None
        }
        given |= {"source": self.source, "as_of": self.as_of.isoformat()}
        if self.name is not None:
            given["names"] = self.name
        if self.latency is not None:
            given["requirement"], given["least_score"] = _LATENCY[self.latency]
        known = BUILT_IN.by_id.get(self.id)
        return Activity(id=self.id, **given) if known is None else replace(known, **given)


class EquipmentTable(Table):
    """``[[equipment]]``: what sessions bring that takes power."""

    id: Id
    name: Names | None = None
    power_w: _Amount
    outlets: _Pieces = 1

    @model_validator(mode="after")
    def _check_new(self) -> EquipmentTable:
        if self.id not in BUILT_IN.equipment and self.name is None:
            raise ValueError(f"name, since it is none that Vigie knows ({', '.join(BUILT_IN.equipment)})")
        return self

    def to_equipment(self) -> Equipment:
        """As the capacity check takes it."""
        return Equipment(self.id, self.power_w, self.outlets, self.name or {})


def activities_of(tables: Sequence[ActivityTable], equipment: Sequence[EquipmentTable]) -> Activities:
    """Vigie's own in their order, changed where the site says so, then the site's."""
    return Activities(
        {**BUILT_IN.by_id, **{table.id: table.to_activity() for table in tables}},
        {**BUILT_IN.equipment, **{table.id: table.to_equipment() for table in equipment}},
    )
