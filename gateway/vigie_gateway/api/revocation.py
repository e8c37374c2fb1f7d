"""Ends the open streams of whoever may no longer read. Runs on the event loop for as long as the server does.

A request is looked at when it comes; a stream comes once and stays. So the accounts are asked each second whether
anything changed, by a page or by a command in another process, and every few seconds in any case: sessions and tokens
end of themselves.
"""

from __future__ import annotations

import asyncio
import logging

from vigie_gateway.auth.accounts import AccountError, Accounts
from vigie_gateway.live import Live

log = logging.getLogger(__name__)

LOOK_EVERY_S = 1.0
"""Lower asks the file more often for nothing; higher lets somebody who was sent away read on."""
CHECK_EVERY_LOOKS = 4
"""Looks after which streams are checked though nothing changed. Higher lets an expired token read on for longer."""


async def end_revoked_streams(accounts: Accounts, live: Live) -> None:
    """Look and end, until cancelled."""
    seen: tuple[int, int] | None = None
    looks = 0
    while True:
        try:
            version = await asyncio.to_thread(accounts.version)
        except AccountError as error:
            log.warning("open streams are checked one by one: %s", error)
            version = None
        looks += 1
        if version is None or version != seen or looks >= CHECK_EVERY_LOOKS:
            seen, looks = version, 0
            await live.check_viewers()
        await asyncio.sleep(LOOK_EVERY_S)
