"""docs/asyncapi.yaml says what the code does: the same topics, words and limits, and it judges real messages alike."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from vigie_contract import topics
from vigie_contract.alerts import MOST_ALERTS, SEVERITIES, Firing, decode_alerts, encode_alerts
from vigie_contract.commands import (
    FINDINGS,
    REFUSED,
    STATES,
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
from vigie_contract.messages import (
    MAX_CHANNELS,
    MAX_LABEL_CHARACTERS,
    OFFLINE,
    ONLINE,
    Ack,
    Birth,
    Channel,
    decode_ack,
    decode_birth,
    encode_ack,
    encode_birth,
)
from vigie_contract.quantities import QUANTITIES, Kind, Quantity
from vigie_contract.readings import UNKNOWN_REASONS, Reading
from vigie_contract.senml import MAX_RECORDS, decode_pack, encode_pack

DOCUMENT: dict[str, Any] = yaml.safe_load(
    (Path(__file__).resolve().parents[2] / "docs" / "asyncapi.yaml").read_text(encoding="utf-8")
)
SCHEMAS = DOCUMENT["components"]["schemas"]
NOW_TS = 1_750_000_000.0
OF_EACH_KIND = {
    "amps": QUANTITIES["current"],
    "people": QUANTITIES["people_in"],
    "mains": QUANTITIES["mains"],
    "portal": QUANTITIES["internet_access"],
}


COMMAND = Rehearse("c1", 1e6, 2e5, 10**7)
RESULT = Rehearsed("holds", 1e6, "not-asked", None, 1.0, None, None, None, 10**6, 3.1, "", "192.0.2.1:8377")
ANSWERS = (
    Done("c1", "running", 0.5),
    *(Done("c1", "refused", reason=reason, detail="é") for reason in REFUSED),
    Done("c1", "finished", 1.0, result=RESULT),
)
FIRINGS = (Firing(), Firing(in_hand=3), *(Firing(**{severity: 2}) for severity in SEVERITIES), Firing(1, 1, 1, 1))
OF_THE_WHOLE = {"channel": "birth", "first": "pack", "record": "pack", "result": "answer"}
"""The schema that a part is judged with."""


def is_valid(schema: str, document: Any) -> bool:
    root = {"$ref": f"#/components/schemas/{schema}", "components": DOCUMENT["components"]}
    return bool(jsonschema.Draft202012Validator(root).is_valid(document))


def test_the_document_is_of_asyncapi_3_and_its_references_lead_somewhere() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    for reference in re.findall(r"'#/([^']+)'", json.dumps(DOCUMENT).replace('"', "'")):
        found: Any = DOCUMENT
        for part in reference.split("/"):
            found = found[part]
    for schema in SCHEMAS.values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_the_channels_are_the_topics_of_the_code() -> None:
    addresses = {name: channel["address"] for name, channel in DOCUMENT["channels"].items()}
    filled = {name: re.sub(r"\{(\w+)\}", r"\1", address) for name, address in addresses.items()}
    assert filled == {
        "about": topics.about("site", "node"),
        "status": topics.status("site", "node"),
        "data": topics.data("site", "node"),
        "ack": topics.ack("site", "node", "gateway"),
        "do": topics.do("site", "node"),
        "done": topics.done("site", "node"),
        "alerts": topics.alerts("site", "gateway"),
    }
    for name, channel in DOCUMENT["channels"].items():
        assert set(re.findall(r"\{(\w+)\}", channel["address"])) == set(channel["parameters"])
        assert topics.parse(filled[name]).leaf == name


def test_the_words_are_those_of_the_code() -> None:
    channel = SCHEMAS["channel"]["properties"]
    assert channel["quantity"]["enum"] == list(QUANTITIES)
    assert set(channel["unit"]["enum"]) == {quantity.unit for quantity in QUANTITIES.values()}
    assert SCHEMAS["unknown"]["enum"] == list(UNKNOWN_REASONS)
    assert SCHEMAS["refused"]["enum"] == list(REFUSED)
    assert SCHEMAS["finding"]["enum"] == list(FINDINGS)
    assert SCHEMAS["answer"]["properties"]["state"]["enum"] == list(STATES)
    assert SCHEMAS["rehearsed"]["properties"]["stopped_by"]["enum"] == list(STOPPED_BY)
    assert SCHEMAS["status"]["enum"] == [ONLINE.decode(), OFFLINE.decode()]


def test_the_limits_are_those_of_the_code() -> None:
    assert SCHEMAS["id"]["pattern"] == f"^{topics.ID_PATTERN}$"
    assert SCHEMAS["pack"]["maxItems"] == MAX_RECORDS
    assert SCHEMAS["birth"]["properties"]["channels"]["maxItems"] == MAX_CHANNELS
    assert SCHEMAS["text"]["maxLength"] == MAX_LABEL_CHARACTERS
    assert SCHEMAS["alert_count"]["maximum"] == MOST_ALERTS


def of_every_quantity() -> Birth:
    return Birth(
        "vigie-sensors 1",
        "b00t",
        tuple(
            Channel(
                name.replace("_", "-"),
                name,
                10,
                "room-1",
                "É",
                ("open", "portal") if quantity.kind is Kind.CHOICE else (),
            )
            for name, quantity in QUANTITIES.items()
        ),
    )


def a_pack(*, is_dated: bool) -> bytes:
    readings: list[tuple[Quantity, Reading]] = []
    for channel, quantity in OF_EACH_KIND.items():
        readings.append((quantity, Reading(channel, NOW_TS, 1.0)))
        readings.extend((quantity, Reading(channel, NOW_TS - 1.5, None, reason)) for reason in UNKNOWN_REASONS)
    return encode_pack("site", "node", "j1", 7, 3, readings, last=700, now_ts=None if is_dated else NOW_TS)


def test_what_the_code_encodes_is_valid() -> None:
    assert is_valid("birth", json.loads(encode_birth(of_every_quantity())))
    assert is_valid("ack", json.loads(encode_ack(Ack("j1", 2**53))))
    assert is_valid("command", json.loads(encode_do(COMMAND)))
    for firing in (None, *FIRINGS):
        assert is_valid("alerts", json.loads(encode_alerts(firing)))
    for answer in ANSWERS:
        assert is_valid("answer", json.loads(encode_done(answer)))
    for is_dated in (True, False):
        assert is_valid("pack", json.loads(a_pack(is_dated=is_dated)))


def agree(kind: str, document: Any) -> None:
    """Schema and decoder both take the document, or both refuse it."""
    payload = json.dumps(document).encode()
    is_taken = True
    try:
        if kind == "ack":
            decode_ack(payload)
        elif kind == "command":
            decode_do(payload)
        elif kind == "answer":
            decode_done(payload)
        elif kind == "alerts":
            decode_alerts(payload)
        elif kind == "birth":
            decode_birth(payload)
        else:
            decode_pack(payload, "site", "node", OF_EACH_KIND, NOW_TS)
    except ContractError:
        is_taken = False
    assert is_valid(kind, document) == is_taken, payload


@pytest.mark.parametrize("value", [None, True, -1, 1.5, "x", "É" * 65, [], {}, 2**53 + 1, 2**63])
@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("ack", "journal"),
        ("ack", "upto"),
        ("birth", "v"),
        ("birth", "software"),
        ("birth", "boot"),
        ("birth", "rehearses"),
        ("birth", "colour"),
        ("command", "what"),
        ("command", "id"),
        ("command", "download_bps"),
        ("command", "most_bytes"),
        ("command", "url"),
        ("alerts", "v"),
        ("alerts", "known"),
        ("alerts", "worst"),
        ("alerts", "outage"),
        ("alerts", "in_hand"),
        ("alerts", "rooms"),
        ("answer", "state"),
        ("answer", "share"),
        ("answer", "reason"),
        ("answer", "detail"),
        ("answer", "result"),
        ("result", "download"),
        ("result", "upload_bps"),
        ("result", "lost_share"),
        ("result", "took_s"),
        ("result", "stopped_by"),
        ("result", "colour"),
        ("channel", "id"),
        ("channel", "quantity"),
        ("channel", "unit"),
        ("channel", "period_s"),
        ("channel", "room"),
        ("channel", "label"),
        ("first", "bn"),
        ("first", "journal"),
        ("first", "first"),
        ("first", "floor"),
        ("first", "last"),
        ("first", "u"),
        ("record", "n"),
        ("record", "t"),
        ("record", "u"),
        ("record", "v"),
        ("record", "vb"),
        ("record", "vs"),
        ("record", "bt"),
        ("record", "colour"),
    ],
)
def test_the_schema_and_the_decoder_agree_on_a_field_of_another_value(kind: str, field: str, value: object) -> None:
    """Two words apart that no schema can say: a floor above its first, and names that no birth declared."""
    document: Any
    if kind == "ack":
        document = {"journal": "j1", "upto": 1} | {field: value}
    elif kind == "command":
        document = json.loads(encode_do(COMMAND)) | {field: value}
    elif kind == "alerts":
        document = json.loads(encode_alerts(FIRINGS[-1])) | {field: value}
    elif kind in {"answer", "result"}:
        document = json.loads(encode_done(ANSWERS[-1]))
        (document if kind == "answer" else document["result"])[field] = value
    elif kind in {"birth", "channel"}:
        document = json.loads(encode_birth(Birth("s", "b", (Channel("amps", "current", 10),))))
        (document if kind == "birth" else document["channels"][0])[field] = value
    else:
        document = json.loads(
            encode_pack("site", "node", "j1", 7, 0, [(OF_EACH_KIND["amps"], Reading("amps", NOW_TS, 1.0))] * 2)
        )
        document[0 if kind == "first" else 1][field] = value
    said_by_no_schema = [("record", "n", "x"), ("first", "floor", 2**53), ("channel", "unit", "x")]
    if (kind, field, value) not in said_by_no_schema:
        agree(OF_THE_WHOLE.get(kind, kind), document)
