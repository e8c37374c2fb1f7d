"""The roles of a place. Each route names those that may ask for it (``api.guard.allowed``), or is not built."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What somebody is here for."""

    PUBLIC = "public"
    """Anybody, without signing in."""
    CONCIERGE = "concierge"
    """Watches the place all day."""
    ORGANISER = "organiser"
    """Asks before a session whether a room can take it."""
    NETWORK = "network"
    """Coordinates several places, and reads their reports."""
    ADMIN = "admin"
    """Keeps the installation running, and says who may do what."""
    KIOSK = "kiosk"
    """A screen on a wall: nobody, who sees the board and nothing else."""


EVERYBODY = frozenset(Role)
STAFF = EVERYBODY - {Role.PUBLIC, Role.KIOSK}
WATCHERS = STAFF | {Role.KIOSK}
"""Those who may see the board on a wall."""
DESK = frozenset({Role.CONCIERGE, Role.ADMIN})
"""Those who keep the place and its installation going."""
CHECKERS = DESK | {Role.ORGANISER}
"""Those who ask whether a session fits, and have it rehearsed."""
ADMIN_ONLY = frozenset({Role.ADMIN})
SIGNED_IN_ROLES = tuple(role for role in Role if role in STAFF)
"""What an account can be."""
