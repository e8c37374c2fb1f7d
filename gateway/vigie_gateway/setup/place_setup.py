"""What the set-up's pages work with: the site file, what was typed, the picture, and how the gateway takes a new place.

Built by ``app``; used by ``api.setup`` on request threads.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vigie_gateway.auth.accounts import Accounts
from vigie_gateway.setup.address import SetupAddress
from vigie_gateway.setup.blueprint import Blueprint, blueprint_of
from vigie_gateway.setup.draft import DraftFile
from vigie_gateway.setup.picture import Picture
from vigie_gateway.setup.site_file import SiteFile


@dataclass(frozen=True, slots=True)
class PlaceSetup:
    """The parts of the set-up.

    Attributes:
        file: The place's.
        draft: What was typed.
        picture: To trace over.
        address: For the first administrator.
        read_again: Has the gateway read the site file anew and go on with what it says.
    """

    file: SiteFile
    draft: DraftFile
    picture: Picture
    address: SetupAddress
    read_again: Callable[[], object]

    def blueprint(self) -> Blueprint:
        """The place as it stands. Raises SiteFileError or SiteError."""
        return blueprint_of(self.file, self.draft.load())


def place_setup(site_path: Path, folder: Path, accounts: Accounts, read_again: Callable[[], object]) -> PlaceSetup:
    """The set-up of the place in ``site_path``; what was typed and the picture are kept in ``folder``."""
    address = SetupAddress(folder, accounts)
    return PlaceSetup(SiteFile(site_path), DraftFile(folder), Picture(folder), address, read_again)
