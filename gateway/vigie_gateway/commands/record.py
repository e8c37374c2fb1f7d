"""``vigie-gateway record``: writes what the bus says into a file, for a while."""

from __future__ import annotations

import argparse
import contextlib
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vigie_gateway.commands import Commands
    from vigie_gateway.recording.recorder import Recorder

EXIT_REFUSED = 1
DEFAULT_FOR_S = 3_600.0
"""Shorter misses what comes seldom; longer fills a card when it is forgotten."""
DEFAULT_MAX_MB = 100
"""Less ends within the hour at a busy place; more is felt on the card of a Pi."""
MAX_FOR_S = 366 * 86_400.0
MAX_MB = 1_000_000
FLUSH_S = 1.0
"""What a power cut takes of a recording. Lower wakes the card more often."""


def add_parser(commands: Commands) -> None:
    """Describe the command."""
    parser = commands.add_parser("record", help="write what the bus says into a file, for a while")
    parser.add_argument("file", type=Path, metavar="FILE", help="a new file: one that is there is left alone")
    parser.add_argument(
        "--for", dest="for_s", type=float, default=DEFAULT_FOR_S, metavar="S", help="seconds at most (3600)"
    )
    parser.add_argument("--max-mb", type=int, default=DEFAULT_MAX_MB, metavar="MB", help="megabytes at most (100)")
    add_broker_options(parser)
    parser.add_argument("--broker", metavar="HOST:PORT", help="another broker than that of gateway.toml")
    parser.set_defaults(run=run)


def add_broker_options(parser: argparse.ArgumentParser) -> None:
    """As whom a command of recordings connects; for ``replay`` too."""
    parser.add_argument("--user", default="recorder", help="of the broker, not the gateway's own (recorder)")
    parser.add_argument("--password-file", metavar="FILE", help="a file with that user's password")
    parser.add_argument("--ca-file", metavar="FILE", help="the broker's authority, where it speaks TLS")
    parser.add_argument("--config", type=Path, help="gateway.toml (default: /etc/vigie/gateway.toml if there)")


def run(options: argparse.Namespace) -> int:
    """Do what was asked."""
    from vigie_gateway.commands.terminal import fail

    if not 0 < options.for_s <= MAX_FOR_S or not 0 < options.max_mb <= MAX_MB:
        return fail(2, f"expected --for of more than 0 seconds, a year at most, and --max-mb of 1 to {MAX_MB}")
    return guarded(options.file, lambda: _record(options))


def guarded(file: Path, act: Callable[[], int]) -> int:
    """Do it, or say why not and give the exit code; for ``replay`` too."""
    from vigie_gateway.commands.terminal import EXIT_CONFIGURATION, EXIT_IO, EXIT_UNAVAILABLE, fail
    from vigie_gateway.recording.broker_choice import RefusedError, UsageError
    from vigie_gateway.recording.replayer import RecordingError
    from vigie_gateway.recording.wire import WireError
    from vigie_gateway.settings import SettingsError

    codes: dict[type[Exception], int] = {
        UsageError: 2,
        RefusedError: EXIT_REFUSED,
        WireError: EXIT_UNAVAILABLE,
        RecordingError: EXIT_IO,
    }
    try:
        return act()
    except SettingsError as error:
        return fail(EXIT_CONFIGURATION, *error.problems)
    except tuple(codes) as error:
        return fail(codes[type(error)], str(error))
    except FileExistsError:
        return fail(EXIT_REFUSED, f"{file} is there already and is left as it is; name a new file")
    except OSError as error:
        return fail(EXIT_IO, f"{error.filename or file}: {error.strerror or error}")


def _record(options: argparse.Namespace) -> int:
    from vigie_contract.clock import SystemClock
    from vigie_gateway.commands.terminal import EXIT_IO, fail
    from vigie_gateway.recording.broker_choice import chosen
    from vigie_gateway.recording.recorder import Recorder
    from vigie_gateway.recording.wire import Wire, WireError
    from vigie_gateway.settings import load_settings

    settings = chosen(options, load_settings(options.config).broker)
    with Recorder(options.file, options.max_mb * 1_000_000, SystemClock()) as recorder:
        wire = Wire(settings, recorder.take)
        try:
            with wire:
                limits = f"{options.for_s:g} s or {options.max_mb} MB at most; Ctrl-C ends it"
                print(f"recording {wire.address()} into {options.file}, {limits}", flush=True)
                _wait(recorder, options.for_s)
        except (WireError, OSError):
            if not recorder.messages:  # the name stays free
                options.file.unlink()
            raise
    print(_told(options.file, recorder, wire.connections - 1, wire.unreadable))
    if recorder.trouble is not None:
        return fail(EXIT_IO, f"{options.file}: {recorder.trouble}; what is in it until then can be replayed")
    return 0


def _wait(recorder: Recorder, for_s: float) -> None:
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    deadline_mono = time.monotonic() + for_s
    try:
        with contextlib.suppress(KeyboardInterrupt):
            while (left_s := deadline_mono - time.monotonic()) > 0 and not recorder.over.is_set():
                recorder.over.wait(min(FLUSH_S, left_s))
                recorder.flush()
    finally:
        signal.signal(signal.SIGTERM, before)


def _told(file: Path, recorder: Recorder, reconnections: int, unreadable: int) -> str:
    used = time.process_time()
    each = f", {recorder.written_bytes / recorder.messages:.0f} bytes each" if recorder.messages else ""
    extra = f"; connected again {reconnections} times" if reconnections else ""
    extra += f"; {unreadable} left out, whose topic is no text" if unreadable else ""
    return (
        f"{file}: {recorder.messages} messages, {recorder.retained} of them kept by the broker, "
        f"{recorder.written_bytes / 1e6:.3f} MB{each}; {used:.1f} s of processor{extra}"
    )
