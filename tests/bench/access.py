"""How soon somebody who may no longer read is cut off, and whether the time of a refusal tells which names there are.

The gateway is a process of its own; accounts are changed as the ``user`` and ``token`` commands do, in this one.
"""

from __future__ import annotations

import http.client
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.bench import load

from vigie_gateway.auth import passwords
from vigie_gateway.auth.access import COOKIE
from vigie_gateway.auth.accounts import Accounts
from vigie_gateway.auth.roles import Role
from vigie_gateway.live import BEAT_INTERVAL_S
from vigie_gateway.settings import load_settings

PASSWORD = "eight rooms, one lamp"
ROUNDS = 5
TRIES = 30


def main() -> None:
    """Print the line; the baseline of cutting off is the beat, at which it was looked before."""
    with tempfile.TemporaryDirectory(prefix="vigie-bench-") as name, load.bed(Path(name)) as bed:
        accounts = Accounts(load_settings(Path(name) / "gateway.toml").accounts_path())
        changes = (_role, _password, _token) * ROUNDS
        cut_s = [_cut_s(bed.http_port, accounts, change) for change in changes]
        accounts.close()
    stored = passwords.make_hash(PASSWORD)
    known_s, unknown_s = (_refused_s(one) for one in (stored, None))
    load.print_line(
        name="access",
        revocation_s=round(statistics.median(cut_s), 2),
        revocation_worst_s=round(max(cut_s), 2),
        baseline_beat_s=BEAT_INTERVAL_S,
        refused_known_ms=round(1_000 * statistics.median(known_s), 1),
        refused_unknown_ms=round(1_000 * statistics.median(unknown_s), 1),
        refused_spread_ms=round(1_000 * statistics.stdev(known_s), 1),
    )


def _role(accounts: Accounts) -> tuple[dict[str, str], Callable[[], object]]:
    return _signed_in(accounts), lambda: accounts.set_role("lou", Role.ORGANISER, "bench", time.time())


def _password(accounts: Accounts) -> tuple[dict[str, str], Callable[[], object]]:
    return _signed_in(accounts), lambda: accounts.set_password("lou", PASSWORD, "bench", time.time())


def _signed_in(accounts: Accounts) -> dict[str, str]:
    if not accounts.users():
        accounts.add_user("lou", Role.CONCIERGE, PASSWORD, "bench", time.time())
    return {"cookie": f"{COOKIE}={accounts.open_session('lou', time.time())}"}


def _token(accounts: Accounts) -> tuple[dict[str, str], Callable[[], object]]:
    secret = accounts.add_token("sign", "read", time.time() + 3_600, "bench", time.time())
    return {"authorization": f"Bearer {secret}"}, lambda: accounts.remove_token("sign", "bench", time.time())


def _cut_s(
    port: int, accounts: Accounts, prepare: Callable[[Accounts], tuple[dict[str, str], Callable[[], object]]]
) -> float:
    """From the change's return to the end of the open stream."""
    headers, change = prepare(accounts)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", "/events", headers=headers)
        stream = connection.getresponse()
        while stream.readline().strip() != b"event: b":
            pass
        change()
        began_mono = time.monotonic()
        stream.read()
        return time.monotonic() - began_mono
    finally:
        connection.close()


def _refused_s(stored: str | None) -> list[float]:
    durations = []
    for _ in range(TRIES):
        began = time.perf_counter()
        passwords.matches(stored, "not the password")
        durations.append(time.perf_counter() - began)
    return durations


if __name__ == "__main__":
    main()
