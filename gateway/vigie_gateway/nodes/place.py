"""Which site nodes are let into. Called by commands."""

from __future__ import annotations

from pathlib import Path

from vigie_gateway.settings import Settings
from vigie_gateway.setup.unset import read_place


def site_id(settings: Settings) -> str:
    """The id in the topics of this gateway's nodes; raises SiteError where the place's file is wrong."""
    return read_place(settings.site_path(), Path(settings.store.path).parent).id
