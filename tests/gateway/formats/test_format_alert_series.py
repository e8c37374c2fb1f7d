"""Open alerts in ``/metrics`` are what Prometheus' own alert rules would make of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from vigie_dashboard.notices import Severity
from vigie_gateway.alerts.alert import Acknowledgement, Alert, AlertKey, Phase, Silence
from vigie_gateway.alerts.rules import Rule, When
from vigie_gateway.alerts.signals import Subject, SubjectKind
from vigie_gateway.formats.alert_series import alert_series

DEAD = Rule("circuit-dead", "circuit-dead", True, 0.5, 0.5, 60.0, 0.0, When.ALWAYS, Severity.OUTAGE)


def an_alert(number: int, phase: Phase, subject: str = "c4") -> Alert:
    return Alert(number, AlertKey("circuit-dead", Subject(SubjectKind.CIRCUIT, subject)), phase, 1_795_527_000.5)


def parsed(text: str) -> list[tuple[str, dict[str, str], float]]:
    families = text_string_to_metric_families(text)
    return [(one.name, dict(one.labels), one.value) for family in families for one in family.samples]


def test_an_alert_is_one_series_with_its_state_and_one_with_its_time() -> None:
    assert parsed(alert_series([an_alert(3, Phase.FIRING)], {"circuit-dead": DEAD})) == [
        (
            "ALERTS",
            {
                "alertname": "circuit-dead",
                "alertstate": "firing",
                "subject": "circuit:c4",
                "severity": str(Severity.OUTAGE),
                "acknowledged": "false",
                "silenced": "false",
            },
            1.0,
        ),
        (
            "ALERTS_FOR_STATE",
            {
                "alertname": "circuit-dead",
                "subject": "circuit:c4",
                "severity": str(Severity.OUTAGE),
                "acknowledged": "false",
                "silenced": "false",
            },
            1_795_527_000.5,
        ),
    ]


def test_who_has_it_in_hand_and_what_is_silenced_or_explained_can_be_asked_for() -> None:
    alert = Alert(
        4,
        AlertKey("circuit-dead", Subject(SubjectKind.CIRCUIT, "c4")),
        Phase.PENDING,
        1.0,
        cause=2,
        acknowledged=Acknowledgement("desk", 2.0),
        silence=Silence("desk", 2.0, "travaux", None),
    )
    labels = parsed(alert_series([alert], {"circuit-dead": DEAD}))[0][1]
    assert [labels[name] for name in ("alertstate", "acknowledged", "silenced", "cause")] == [
        "pending", "true", "true", "2",
    ]  # fmt: skip


def test_what_is_over_or_has_no_rule_any_more_breaks_nothing() -> None:
    assert alert_series([an_alert(1, Phase.RESOLVED), an_alert(2, Phase.DROPPED)], {}) == ""
    assert "severity" not in parsed(alert_series([an_alert(3, Phase.FIRING)], {}))[0][1]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_whatever_an_id_is_it_stays_within_its_label(name: str) -> None:
    found = parsed(alert_series([an_alert(1, Phase.FIRING, name)], {"circuit-dead": DEAD}))
    assert len(found) == 2
    assert found[0][1]["subject"] == (f"circuit:{name}" if name else "circuit")
