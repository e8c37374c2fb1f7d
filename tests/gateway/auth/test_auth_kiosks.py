"""Screens on a wall that wait: codes that can be told and typed, and no more of them than memory is for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vigie_gateway.auth import kiosks
from vigie_gateway.auth.kiosks import LETTERS, WaitingKiosks, shown_code, typed_code


@given(st.text(LETTERS, min_size=8, max_size=8), st.sampled_from(["{}", " {} ", "{}\n"]))
def test_what_a_screen_shows_is_read_back_however_it_is_typed(code: str, how: str) -> None:
    assert typed_code(how.format(shown_code(code))) == code
    assert typed_code(how.format(code.lower())) == code


@given(st.text())
def test_any_text_is_a_code_or_none(text: str) -> None:
    code = typed_code(text)
    assert code is None or (len(code) == 8 and set(code) <= set(LETTERS))


def test_of_more_than_may_wait_the_one_goes_that_was_heard_longest_ago(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kiosks, "MOST_WAITING", 3)
    now = [0.0]
    waiting = WaitingKiosks(lambda: now[0])
    made = []
    for _ in range(3):
        now[0] += 1
        made.append(waiting.begin())
    now[0] += 1
    assert waiting.code_of(made[0][0]) == made[0][1]
    made.append(waiting.begin())
    assert [waiting.is_shown(code) for _, code in made] == [True, False, True, True]
    waiting.end(made[0][0])
    assert not waiting.is_shown(made[0][1])
