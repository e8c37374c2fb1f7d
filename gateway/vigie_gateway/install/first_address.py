"""Where a browser sets the place up, at the end of an installation. Called by ``commands.install``."""

from __future__ import annotations

from collections.abc import Callable

from vigie_gateway.install.machine import CommandError, Machine
from vigie_gateway.install.steps import OPT


def show_first_address(machine: Machine, say: Callable[[str], None]) -> None:
    """Say a one-time address, where nobody administrates the place yet; else where to sign in."""
    command = ("runuser", "-u", "vigie-gateway", "--", f"{OPT}/bin/vigie-gateway", "setup-address", "--qr")
    try:
        said = machine.run(command)
    except CommandError as error:
        say(f"{str(error).partition(': ')[2]}.")
        return
    say("Set the place up in a browser, once, within half an hour:")
    say(said.rstrip())
