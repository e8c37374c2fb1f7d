"""What the single entries of ``site.toml`` may be: ids, names, channels, addresses, hours. Used by ``site`` alone.

Each raises ValueError with what was expected, which ``site`` turns into a problem with its file, line and key.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo

from vigie_contract.topics import is_id
from vigie_gateway.capacity.question import MOST_PEOPLE
from vigie_gateway.place.hours import Span, find_overlap, parse_span
from vigie_gateway.place.problem import suggest
from vigie_gateway.place.references import OUTSIDE

LANGUAGES = ("fr", "en")
"""What the pages speak."""
MINIMUM_CORNERS = 3

LONGEST_SSID_BYTES = 32
"""IEEE 802.11-2020 §9.4.2.2."""
SHORTEST_PASSPHRASE, LONGEST_PASSPHRASE = 8, 63
"""Of ASCII from space to tilde (IEEE 802.11-2020 §J.4.1)."""

_PHONE = re.compile(r"\+?[0-9](?:[ .-]?[0-9]){2,14}")
_BSSID = re.compile(r"[0-9A-Fa-f]{2}(:[0-9A-Fa-f]{2}){5}")
_URL = re.compile(r"https?://[^\s/?#]+(/\S*)?")


def _check_id(text: str) -> str:
    if not is_id(text):
        raise ValueError("1 to 32 characters of a-z, 0-9 and -")
    if text == OUTSIDE:
        raise ValueError(f'another word: "{OUTSIDE}" is the street')
    return text


def _check_channel(text: str) -> str:
    node, dot, channel = text.partition(".")
    if not dot or not is_id(node) or not is_id(channel):
        raise ValueError('a channel, written "node.channel" (a-z, 0-9 and -)')
    return text


def _check_channel_pattern(text: str) -> str:
    try:
        _check_channel(text.replace("{id}", "id", 1))
    except ValueError as error:
        raise ValueError('a channel, written "node.channel"; {id} in it stands for the outlet') from error
    return text


def _check_bssid(text: str) -> str:
    if _BSSID.fullmatch(text) is None:
        raise ValueError("a BSSID such as 02:00:00:00:00:01")
    return text.lower()


def _check_url(text: str) -> str:
    if _URL.fullmatch(text) is None:
        raise ValueError("an address such as http://vigie2.local:8080")
    return text


def _as_path(text: str, info: ValidationInfo) -> str:
    """The path as an absolute one: a file is named as seen from the site file's own folder."""
    if not text or not text.isprintable():
        raise ValueError("the path of a file")
    folder = Path() if info.context is None else Path(info.context["folder"])
    return str((folder / text).absolute())


def _check_phone(text: str) -> str:
    if _PHONE.fullmatch(text) is None:
        raise ValueError("a telephone number such as 02 98 00 00 00 or +33 2 98 00 00 00")
    return text


def _check_ssid(text: str) -> str:
    if not 0 < len(text.encode()) <= LONGEST_SSID_BYTES or not text.isprintable():
        raise ValueError(f"a network name: 1 to {LONGEST_SSID_BYTES} bytes of text")
    return text


def _check_passphrase(text: str) -> str:
    is_printable = all(" " <= char <= "~" for char in text)
    if not SHORTEST_PASSPHRASE <= len(text) <= LONGEST_PASSPHRASE or not is_printable:
        raise ValueError(f"a Wi-Fi password: {SHORTEST_PASSPHRASE} to {LONGEST_PASSPHRASE} plain characters")
    return text


def _check_timezone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        near = suggest(text, available_timezones())
        hint = f'did you mean "{near}"?' if near else "such as Europe/Paris"
        raise ValueError(f"a timezone of the IANA list ({hint})") from error
    return text


def _check_span(text: object) -> Span:
    if not isinstance(text, str):
        raise ValueError("a span of hours such as 08:00-20:00")  # noqa: TRY004 - pydantic reports ValueError alone
    return parse_span(text)


def _check_order(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    if find_overlap(spans) is not None:
        raise ValueError("spans in order of time that do not overlap")
    return spans


def _check_dates(exceptions: Any) -> Any:
    if not isinstance(exceptions, dict):
        raise ValueError('a table of days: 2026-12-25 = ["10:00-16:00"]')  # noqa: TRY004 - pydantic reports ValueError alone
    for key in exceptions:
        try:
            date.fromisoformat(key)
        except ValueError as error:
            raise ValueError(f'days written as 2026-12-25; "{key}" is none') from error
    return exceptions


def _check_distinct(values: tuple[str, ...]) -> tuple[str, ...]:
    if not values or len(set(values)) != len(values):
        raise ValueError("a list with at least one entry and none twice")
    return values


def _check_corners(corners: tuple[tuple[float, float], ...]) -> tuple[tuple[float, float], ...]:
    if len(corners) < MINIMUM_CORNERS:
        raise ValueError(f"at least {MINIMUM_CORNERS} corners, each [x, y]")
    following = corners[1:] + corners[:1]
    if sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(corners, following, strict=True)) == 0:
        raise ValueError("corners that enclose an area")
    return corners


def _names(value: Any, info: ValidationInfo) -> Any:
    """A name alone is the same in every language of the site."""
    languages = (info.context or {}).get("languages", LANGUAGES)
    if isinstance(value, str):
        value = dict.fromkeys(languages, value)
    if not isinstance(value, dict) or not value or not all(_is_name(*entry) for entry in value.items()):
        raise ValueError(f"a name, or one for each language: {{ {', '.join(f'{one} = …' for one in languages)} }}")
    return value


def _is_name(language: object, name: object) -> bool:
    return language in LANGUAGES and isinstance(name, str) and bool(name.strip()) and name.isprintable()


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Id = Annotated[str, AfterValidator(_check_id)]
RoomRef = str
Bssid = Annotated[str, AfterValidator(_check_bssid)]
ChannelName = Annotated[str, AfterValidator(_check_channel)]
ChannelPattern = Annotated[str, AfterValidator(_check_channel_pattern)]
Names = Annotated[dict[str, str], BeforeValidator(_names)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Positive = Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0)]
Count = Annotated[int, Field(strict=True, ge=0, le=100_000)]
Positives = Annotated[int, Field(strict=True, ge=1, le=1_000)]
People = Annotated[int, Field(strict=True, ge=1, le=MOST_PEOPLE)]
Bytes = Annotated[int, Field(strict=True, ge=0)]
Corner = tuple[Number, Number]
Spans = Annotated[tuple[Annotated[Span, BeforeValidator(_check_span)], ...], AfterValidator(_check_order)]
Url = Annotated[str, AfterValidator(_check_url)]
FilePath = Annotated[str, AfterValidator(_as_path)]
Phone = Annotated[str, AfterValidator(_check_phone)]
Passphrase = Annotated[str, AfterValidator(_check_passphrase)]
Ssid = Annotated[str, AfterValidator(_check_ssid)]
Timezone = Annotated[str, AfterValidator(_check_timezone)]
Languages = Annotated[tuple[Literal["fr", "en"], ...], AfterValidator(_check_distinct)]
Ids = Annotated[tuple[Id, ...], AfterValidator(_check_distinct)]
Bssids = Annotated[tuple[Bssid, ...], BeforeValidator(_as_list)]
Corners = Annotated[tuple[Corner, ...], AfterValidator(_check_corners)]
Days = Annotated[dict[date, Spans], BeforeValidator(_check_dates)]
