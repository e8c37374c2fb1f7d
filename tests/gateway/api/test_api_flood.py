"""A flood of sign-ins: two hashes at once, the other pages go on, nothing is told, and the right person gets in."""

from __future__ import annotations

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice

import pytest
from tests.gateway.api.conftest import PASSWORD, Answer, Served

from vigie_gateway.auth import passwords, turns
from vigie_gateway.auth.roles import Role

ATTEMPTS = 300
GUESS = "not the password"


class Counted:
    """The hasher, with those at work in it counted."""

    def __init__(self) -> None:
        self._hasher = passwords._hasher
        self._lock = threading.Lock()
        self._inside = 0
        self.most = 0
        self.work: Counter[str] = Counter()

    def hash(self, password: str) -> str:
        return self._hasher.hash(password)

    def verify(self, stored: str, password: str) -> bool:
        with self._lock:
            self._inside += 1
            self.most = max(self.most, self._inside)
            self.work[stored.rpartition("$")[0].rpartition("$")[0]] += 1  # method and parameters
        try:
            return self._hasher.verify(stored, password)
        finally:
            with self._lock:
                self._inside -= 1


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    hasher = Counted()
    monkeypatch.setattr(passwords, "_hasher", hasher)
    return hasher


@pytest.fixture
def with_lou(served: Served) -> Served:
    served.bench.gateway.access.accounts.add_user("lou", Role.CONCIERGE, PASSWORD, "test", served.bench.clock.now)
    return served


def test_a_flood_has_two_hashes_at_once_and_keeps_nobody_out(with_lou: Served, counted: Counted) -> None:
    served = with_lou

    def guess(number: int) -> int:
        name = "lou" if number % 2 else f"name-{number}"
        return served.visitor(f"192.168.1.{number % 50}").sign_in(name, GUESS).status

    with ThreadPoolExecutor(32) as threads:
        guesses = [threads.submit(guess, number) for number in range(ATTEMPTS)]
        pages = [served.visitor("192.168.2.1").get("/").status for _ in range(20)]
        while (mine := served.visitor("192.168.2.1").sign_in("lou")).status == 429:
            assert int(mine.headers["retry-after"]) >= 1
        statuses = Counter(done.result() for done in guesses)
    assert mine.status == 303
    assert pages == [200] * 20
    assert set(statuses) <= {403, 429}
    assert statuses.total() == ATTEMPTS
    assert 0 < counted.most <= 2
    assert len(counted.work) == 1


def test_one_machine_cannot_take_all_the_turns(with_lou: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    is_free, entered = threading.Event(), threading.Semaphore(0)
    has_password = with_lou.bench.gateway.access.accounts.has_password

    def slow(name: str, password: str) -> bool:
        entered.release()
        assert is_free.wait(20)
        return has_password(name, password)

    monkeypatch.setattr(with_lou.bench.gateway.access.accounts, "has_password", slow)
    with ThreadPoolExecutor(8) as threads:
        flood = [threads.submit(with_lou.visitor("10.0.0.9").sign_in, f"name{number}", GUESS) for number in range(6)]
        for _ in range(passwords.AT_ONCE):
            assert entered.acquire(timeout=20)
        # Those without a turn are answered while the others are still looked at.
        assert [done.result().status for done in islice(as_completed(flood), 6 - turns.MOST_AN_ADDRESS)] == [429] * 3
        mine = threads.submit(with_lou.visitor("10.0.0.1").sign_in, "lou")
        is_free.set()
        assert mine.result().status == 303
        assert Counter(done.result().status for done in flood) == {403: turns.MOST_AN_ADDRESS, 429: 3}


def test_many_at_once_for_one_account_have_no_more_free_tries_than_one_by_one(
    with_lou: Served, counted: Counted
) -> None:
    with ThreadPoolExecutor(12) as threads:
        list(threads.map(lambda _: with_lou.visitor().sign_in("lou", GUESS), range(40)))
    assert counted.work.total() <= 4  # three are free, and one more after the first second's wait


def told(answer: Answer, name: str) -> tuple[int, list[tuple[str, str]], str]:
    headers = [(key, value) for key, value in answer.headers.items() if key.lower() not in {"date", "content-length"}]
    return answer.status, headers, answer.text.replace(name, "…")


def test_an_unknown_name_is_answered_like_a_known_one_try_by_try(with_lou: Served, counted: Counted) -> None:
    for _ in range(5):
        known = with_lou.visitor("10.0.0.1").sign_in("lou", GUESS)
        unknown = with_lou.visitor("10.0.0.2").sign_in("max", GUESS)
        assert told(known, "lou") == told(unknown, "max")
    assert known.status == 429
    assert len(counted.work) == 1
    assert counted.work.total() == 6


@pytest.mark.parametrize("password", ["", "x" * 257, "x" * 3_000])
def test_a_password_of_any_length_tells_nothing(with_lou: Served, password: str) -> None:
    known = with_lou.visitor("10.0.0.1").sign_in("lou", password)
    unknown = with_lou.visitor("10.0.0.2").sign_in("max", password)
    assert told(known, "lou") == told(unknown, "max")


def test_a_flood_of_long_names_is_kept_short(with_lou: Served) -> None:
    answer = with_lou.visitor().sign_in("é" * 600, GUESS)
    assert answer.status == 403
    assert "é" * 65 not in answer.text
