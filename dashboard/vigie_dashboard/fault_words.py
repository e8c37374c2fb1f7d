"""Why a message did not get through, or a reading is not stored: each fault by its code, in English and in other words.

The gateway makes its one line for logs, health report and disk with ``fault``; pages find the code again in that line,
also in one that an older gateway wrote, and say it in their reader's language. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

from vigie_dashboard.language import Language

_PLACE = re.compile(r"%\((\w+)\)s")


def fault(code: str, **values: object) -> str:
    """The fault in English, on one line; ``values`` fill its places, without any secret."""
    return _notifier_faults(str)[code] % values


def fault_words(said: str, language: Language) -> str:
    """What ``fault`` said, in that language; a text that is none of its own as it is."""
    for code, pattern in _patterns().items():
        if (found := pattern.fullmatch(said)) is not None:
            return _notifier_faults(language.gettext)[code] % found.groupdict()
    return said


def store_words(said: str, language: Language) -> str:
    """Why readings are not stored, from the gateway's line; a line that has none of these reasons as it is.

    The file's path and what was being done to it are left to the health page.
    """
    reasons = zip(_store_faults(str).values(), _store_faults(language.gettext).values(), strict=True)
    return next((words for english, words in reasons if english in said), said)


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    """By code, what a line of it looks like."""
    found = {}
    for code, text in _notifier_faults(str).items():
        parts = _PLACE.split(text)
        shapes = (f"(?P<{part}>.+?)" if number % 2 else re.escape(part) for number, part in enumerate(parts))
        found[code] = re.compile("".join(shapes))
    return found


def _notifier_faults(gettext: Callable[[str], str]) -> dict[str, str]:
    return _of_mail(gettext) | _of_services(gettext) | _of_lamps(gettext)


def _of_mail(gettext: Callable[[str], str]) -> dict[str, str]:
    return {
        "mail-untrusted": gettext("the mail server's certificate cannot be trusted: check `server`, or `ca_file`"),
        "mail-tls": gettext("the mail server and Vigie do not agree on TLS: check `port` and `security`"),
        "mail-here": gettext("the mail server is on this machine or its own link: see `loopback`"),
        "mail-no-answer": gettext("the mail server did not answer: %(why)s"),
        "mail-slow": gettext("the mail server was too slow"),
        "mail-sign-in": gettext("the mail server refused user or password (%(status)s)"),
        "mail-address": gettext("the mail server refused an address (%(status)s)"),
        "mail-addresses": gettext("the mail server refused %(count)s of the addresses (%(status)s)"),
        "mail-hung-up": gettext("the mail server hung up"),
        "mail-message": gettext("the mail server refused the message (%(status)s)"),
        "mail-unsupported": gettext("the mail server offers no such security or sign-in: check `security`"),
        "mail-refused": gettext("the mail server refused: %(why)s"),
    }


def _of_services(gettext: Callable[[str], str]) -> dict[str, str]:
    return {
        "here": gettext("it is on this machine or its own link: see `loopback`"),
        "slow": gettext("it was too slow"),
        "sign-in": gettext("it refused the user, password or token (%(status)s)"),
        "redirect": gettext("it leads to another address (%(status)s), which is not followed"),
        "answered": gettext("it answered %(status)s"),
        "untrusted": gettext("its certificate cannot be trusted"),
        "tls": gettext("it does not agree on TLS"),
        "no-name": gettext("its name was not found"),
        "nobody-there": gettext("nobody listens there"),
        "hung-up": gettext("it hung up"),
        "no-way": gettext("there is no way to it"),
        "not-taken": gettext("it was not taken, and nothing says why"),
        "not-through": gettext("it did not get through"),
        "own": gettext("a fault of its own (%(kind)s)"),
        "no-notifier": gettext("there is no notifier %(name)s"),
        "busy": gettext("another message is on its way by it"),
    }


def _of_lamps(gettext: Callable[[str], str]) -> dict[str, str]:
    return {
        "no-broker": gettext("the gateway has no connection to the broker"),
        "broker-silent": gettext("the broker does not answer"),
        "lamp-refused": gettext("the broker does not let the gateway write %(topic)s (%(why)s): see its acl_file"),
        "lamp-unheard": gettext("nothing listens to %(topic)s: is the lamp without power?"),
    }


def _store_faults(gettext: Callable[[str], str]) -> dict[str, str]:
    return {
        "full": gettext("the disk is full"),
        "read-only": gettext("the file or its folder is read-only"),
        "no-database": gettext("this is not a database"),
        "damaged": gettext("the file is damaged"),
        "closed": gettext("it cannot be opened or made: does its folder exist, and may this user write there?"),
        "busy": gettext("another process is writing to it"),
        "thread": gettext("the ingest thread stands still"),
        "no-write": gettext("the disk takes no write"),
    }
