"""What programs read that cannot send a header: the token is part of the address.

Called by handlers of ``sessions`` and ``alert_feed`` on worker threads.
"""

from __future__ import annotations

from http import HTTPStatus

from fastapi import Request

from vigie_dashboard.pages import LANGUAGES
from vigie_gateway.api.context import Gateway
from vigie_gateway.api.problems import Problem
from vigie_gateway.auth.accounts import AccountError


def check_address(gateway: Gateway, secret: str, scope: str) -> None:
    """Whoever has the address may read. One that is no more is not told from one that never was.

    Args:
        gateway: Whose accounts are asked.
        secret: Of the address.
        scope: Which its token must have.

    Raises:
        Problem: 404 without such a token; 503 where the accounts cannot be read.
    """
    access = gateway.access
    try:
        token = access.accounts.token(secret, access.clock.now_ts())
    except AccountError as error:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, "the accounts cannot be read; try again in a moment") from error
    if token is None or token.scope != scope:
        raise Problem(HTTPStatus.NOT_FOUND, "nothing is at this address, or no more")


def language_of_feed(gateway: Gateway, request: Request) -> str:
    """By ``?l=``, else the place's first: a program's own language is not its reader's."""
    asked = request.query_params.get("l")
    return asked if asked in LANGUAGES else gateway.site.languages[0]
