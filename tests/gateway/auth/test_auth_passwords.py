"""Passwords are argon2id, looked at two at a time, and an unknown account costs the same."""

from __future__ import annotations

import threading

import pytest

from vigie_gateway.auth import passwords
from vigie_gateway.auth.passwords import BusyError, PasswordError, check_new, make_hash, matches

GOOD = "eight rooms, one lamp"


def test_a_hash_matches_its_password_alone_and_names_its_method() -> None:
    stored = make_hash(GOOD)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert matches(stored, GOOD)
    assert not matches(stored, GOOD + "!")
    assert make_hash(GOOD) != stored


@pytest.mark.parametrize("password", ["", "eleven char", "x" * 257])
def test_too_short_and_too_long_are_refused_with_the_bounds(password: str) -> None:
    with pytest.raises(PasswordError, match=r"12 to 256 characters"):
        check_new(password)


@pytest.mark.parametrize("stored", [None, "", "not a hash", "$argon2id$v=19$m=1,t=1,p=1$YQ$YQ"])
def test_no_account_and_a_broken_hash_match_nothing(stored: str | None) -> None:
    assert not matches(stored, GOOD)


def test_an_unknown_account_is_looked_at_like_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    looked: list[str] = []
    verify = passwords._hasher.verify

    class Watched:
        def verify(self, stored: str, password: str) -> bool:
            looked.append(stored.rpartition("$")[0].rpartition("$")[0])
            return verify(stored, password)

        hash = passwords._hasher.hash

    monkeypatch.setattr(passwords, "_hasher", Watched())
    matches(make_hash(GOOD), "wrong")
    matches(None, "wrong")
    assert looked[0] == looked[1]


def test_a_third_one_waits_for_its_turn_and_then_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "WAIT_S", 0.05)
    stored, entered, release = make_hash(GOOD), threading.Barrier(3), threading.Event()

    class Slow:
        hash = passwords._hasher.hash

        def verify(self, _stored: str, _password: str) -> bool:
            entered.wait(10)
            return release.wait(10)

    monkeypatch.setattr(passwords, "_hasher", Slow())
    threads = [threading.Thread(target=matches, args=(stored, GOOD)) for _ in range(2)]
    for thread in threads:
        thread.start()
    entered.wait(10)
    with pytest.raises(BusyError):
        matches(stored, GOOD)
    release.set()
    for thread in threads:
        thread.join()
    monkeypatch.undo()
    assert matches(stored, GOOD)
