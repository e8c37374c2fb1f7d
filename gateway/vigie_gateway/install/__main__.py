"""``python3 -m vigie_gateway.install``: from a clone that is not installed anywhere yet; ``./run install`` starts it.

The same commands as ``vigie-gateway install``, ``upgrade`` and ``uninstall``, with the system's Python alone.
"""

from __future__ import annotations

import argparse
import sys

from vigie_gateway.commands import install, uninstall, upgrade


def main() -> int:
    """Run one command; returns the exit code."""
    parser = argparse.ArgumentParser(prog="./run", description="Put Vigie on this machine.")
    commands = parser.add_subparsers(dest="command", required=True)
    for module in (install, upgrade, uninstall):
        module.add_parser(commands)
    options = parser.parse_args()
    return int(options.run(options))


if __name__ == "__main__":
    sys.exit(main())
