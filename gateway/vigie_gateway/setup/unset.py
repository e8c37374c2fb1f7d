"""A place that has no file yet: what the gateway runs with until it is set up. Called by ``__main__`` and ``app``.

As soon as its short name was typed, the gateway listens to the nodes that carry it: the set-up's pages then show what
is heard. Its readings are stored like any others.
"""

from __future__ import annotations

from pathlib import Path

from vigie_gateway.place.site import Site, load_site
from vigie_gateway.setup import identity
from vigie_gateway.setup.draft import DraftFile

UNSET_NAME = {"fr": "Nouveau lieu", "en": "New place"}


def read_place(path: Path, folder: Path) -> Site:
    """The place as its file says it; where there is none, as far as it was typed.

    Args:
        path: Of the site file.
        folder: Where drafts are kept.

    Raises:
        SiteError: With every problem that the file has.
    """
    return load_site(path) if path.exists() else unset_site(folder)


def unset_site(folder: Path) -> Site:
    """A place without rooms."""
    typed = DraftFile(folder).load().steps.get("place")
    keys = {} if typed is None else identity.read_identity(typed, {}).keys
    return Site(
        id=keys.get(("id",), identity.UNSET_ID),
        name=keys.get(("name",), UNSET_NAME),
        timezone=keys.get(("timezone",), identity.own_timezone()),
        languages=keys.get(("languages",), ("fr", "en")),
    )
