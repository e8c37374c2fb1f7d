"""Whether a captive portal stands before the internet: what two kinds of answers mean. Pure.

The check by a URL that answers 204 is what browsers and phones do; the API is RFC 8908's, whose address the network
announces by RFC 8910.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from vigie_contract.quantities import INTERNET_ACCESS
from vigie_sensors.http_fetch import Answer

OPEN, PORTAL, NO_INTERNET = (float(INTERNET_ACCESS.index(word)) for word in ("open", "portal", "none"))
_NO_CONTENT, _OK, _SIGN_IN_REQUIRED = 204, 200, 511
_REDIRECTS = range(300, 400)


def judge_check(answer: Answer) -> float:
    """The index in INTERNET_ACCESS that the answer of a 204 URL means.

    204 is open; a redirect, a page in its place or 511 (RFC 6585 §6) is a portal; anything else is no internet.
    """
    if answer.status == _NO_CONTENT:
        return OPEN
    has_page = answer.status == _OK and bool(answer.body)
    if answer.status in _REDIRECTS or has_page or answer.status == _SIGN_IN_REQUIRED:
        return PORTAL
    return NO_INTERNET


class PortalApiError(ValueError):
    """The answer is not what RFC 8908 says."""


@dataclass(frozen=True, slots=True)
class PortalApi:
    """RFC 8908 §5: whether the client is captive, and where a person signs in (None where not told)."""

    is_captive: bool
    user_portal_url: str | None


def parse_portal_api(body: bytes) -> PortalApi:
    """Read the API's JSON.

    Raises:
        PortalApiError: It is no JSON object with a boolean ``captive``.
    """
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise PortalApiError("the captive-portal API's answer is no JSON") from error
    if not isinstance(found, dict) or not isinstance(found.get("captive"), bool):
        raise PortalApiError("the captive-portal API's answer has no boolean 'captive'")
    url = found.get("user-portal-url")
    return PortalApi(found["captive"], url if isinstance(url, str) and url.isprintable() else None)
