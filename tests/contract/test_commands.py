"""Commands and answers: round trips, and any bytes give a value or one ContractError."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.contract.wrong import IDS, JSON, TEXTS, check_refusal

from vigie_contract.commands import (
    FINDINGS,
    MOST_BPS,
    MOST_BYTES,
    REFUSED,
    STOPPED_BY,
    Done,
    Rehearse,
    Rehearsed,
    decode_do,
    decode_done,
    encode_do,
    encode_done,
)
from vigie_contract.errors import ContractError

SHARES = st.floats(0, 1)
commands = st.builds(Rehearse, IDS, st.floats(1, MOST_BPS), st.floats(0, MOST_BPS), st.integers(0, MOST_BYTES))
milliseconds = st.none() | st.floats(0, 60_000)
findings = st.sampled_from(sorted(FINDINGS))
rates = st.none() | st.floats(0, 2 * MOST_BPS)
results = st.builds(
    Rehearsed, findings, rates, findings, rates, milliseconds, milliseconds, milliseconds, st.none() | SHARES,
    st.integers(0, MOST_BYTES), st.floats(0, 3_600), st.sampled_from(sorted(STOPPED_BY)), TEXTS,
)  # fmt: skip
answers = (
    st.builds(Done, IDS, st.just("running"), SHARES)
    | st.builds(Done, IDS, st.just("refused"), SHARES, st.sampled_from(sorted(REFUSED)), TEXTS)
    | st.builds(Done, IDS, st.just("finished"), SHARES, st.just(""), TEXTS, results)
)


@given(commands)
def test_a_command_is_read_back_as_it_was_written(command: Rehearse) -> None:
    assert decode_do(encode_do(command)) == command


@given(answers)
def test_an_answer_is_read_back_as_it_was_written(done: Done) -> None:
    assert decode_done(encode_done(done)) == done


def is_total(payload: bytes) -> None:
    """Decode both ways; anything but a value or a complete ContractError escapes."""
    for decode in (decode_do, decode_done):
        try:
            decode(payload)
        except ContractError as error:
            check_refusal(error)


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_any_bytes_and_any_json_give_a_value_or_a_refusal(payload: bytes) -> None:
    is_total(payload)


@given(commands.map(encode_do) | answers.map(encode_done), st.data())
def test_one_field_of_another_kind_gives_a_value_or_a_refusal(payload: bytes, data: st.DataObject) -> None:
    document = json.loads(payload)
    targets = [document, document["result"]] if document.get("result") else [document]
    target = data.draw(st.sampled_from(targets))
    target[data.draw(st.sampled_from(sorted(target)))] = data.draw(JSON)
    is_total(json.dumps(document).encode())


COMMAND = {"what": "rehearse", "id": "a", "download_bps": 1e6, "upload_bps": 0, "most_bytes": 1}
ANSWER = {"id": "a", "state": "running", "share": 0.5, "reason": "", "detail": "", "result": None}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"what": "format"}, "command: what is 'format', expected 'rehearse'"),
        ({"download_bps": 0}, "command: download_bps and upload_bps are both 0, expected one above 0"),
        ({"download_bps": -1}, "command: download_bps is -1, expected 0 to 1e+11"),
        ({"upload_bps": True}, "command: upload_bps is True, expected a number"),
        ({"most_bytes": 1.5}, "command: most_bytes is 1.5, expected a whole number"),
        ({"url": "http://elsewhere"}, "command: unknown field 'url'"),
    ],
)
def test_a_wrong_command_is_refused_by_its_field(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ContractError) as refusal:
        decode_do(json.dumps(COMMAND | change).encode())
    assert refusal.value.detail == said


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"state": "lost"}, "answer: state is 'lost', expected one of running, refused, finished"),
        ({"state": "finished"}, "answer: a result goes with the state 'finished', and with no other"),
        ({"state": "refused"}, "answer: a reason goes with the state 'refused', and with no other"),
        ({"state": "refused", "reason": "mood"}, f"answer: reason is 'mood', expected one of {', '.join(REFUSED)}"),
        ({"share": 2}, "answer: share is 2, expected 0 to 1"),
    ],
)
def test_a_wrong_answer_is_refused_by_its_field(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ContractError) as refusal:
        decode_done(json.dumps(ANSWER | change).encode())
    assert refusal.value.detail == said
