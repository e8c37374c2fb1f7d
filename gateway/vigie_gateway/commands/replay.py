"""``vigie-gateway replay``: says a recording again, to a broker that is named."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

from vigie_gateway.commands.record import EXIT_REFUSED, add_broker_options, guarded

if TYPE_CHECKING:
    from vigie_gateway.commands import Commands

MAX_SPEED = 1_000_000.0
TOLD_REFUSALS = 5
"""Topics that the broker refused, told by name. More would hide what was said before."""


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("replay", help="say a recording again, to a broker that is named")
    parser.add_argument("file", type=Path, metavar="FILE", help="as `record` wrote it")
    parser.add_argument("--broker", required=True, metavar="HOST:PORT", help="to say it to")
    parser.add_argument("--speed", type=float, default=1.0, metavar="N", help="times faster; 0 does not wait (1)")
    parser.add_argument(
        "--into-the-live-place",
        action="store_true",
        help="though it is the broker of gateway.toml: old readings then stand among today's",
    )
    add_broker_options(parser)
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Do what was asked."""
    from vigie_gateway.commands.terminal import fail

    if not math.isfinite(options.speed) or not 0 <= options.speed <= MAX_SPEED:
        return fail(2, f"--speed is {options.speed:g}, expected 0 to {MAX_SPEED:.0f}")
    return guarded(options.file, lambda: _replay(options))


def _replay(options: argparse.Namespace) -> int:
    from vigie_contract.clock import SystemClock
    from vigie_gateway.commands.terminal import fail, show_progress
    from vigie_gateway.recording.broker_choice import chosen_elsewhere
    from vigie_gateway.recording.replayer import extent, replay
    from vigie_gateway.recording.wire import Wire
    from vigie_gateway.settings import load_settings

    settings = chosen_elsewhere(options, load_settings(options.config).broker)
    found = extent(options.file)
    with Wire(settings) as wire:
        pace = f"at {options.speed:g} times its speed" if options.speed else "without waiting"
        print(f"{found.messages} messages of {found.duration_s:.1f} s to {wire.address()}, {pace}", flush=True)
        with show_progress("replay") as tell:
            replay(options.file, wire, SystemClock(), options.speed, lambda said: tell(said / found.messages))
        wire.settle()
    if wire.refused:
        told = [f"{topic}: {reason}" for topic, reason in list(wire.refused.items())[:TOLD_REFUSALS]]
        return fail(EXIT_REFUSED, f"the broker refused {len(wire.refused)} topics, such as", *told)
    print("all of it was taken")
    return 0
