"""The commands of ``vigie-gateway``, a module each: ``add_parser(commands)`` describes it, ``run(options)`` does it.

``__main__`` imports all of them for ``--help``, so each imports what it needs only when it runs.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # argparse has no public name for it
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - see above
