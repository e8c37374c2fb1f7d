"""An alert joined with its rule and the names of the place."""

from tests.gateway.conftest import SAMPLE_SITE

from vigie_dashboard.notices import Severity
from vigie_gateway.alerts.alert import Acknowledgement, Alert, AlertKey, Event, Phase, Silence, What
from vigie_gateway.alerts.naming import Naming
from vigie_gateway.alerts.rules import Rule, When
from vigie_gateway.alerts.showing import course_of, view_of
from vigie_gateway.alerts.signals import Subject, SubjectKind
from vigie_gateway.place.site import load_site

RULE = Rule(
    "circuit-dead", "circuit-dead", True, 0.5, 0.5, 0.0, 60.0, When.ALWAYS, Severity.OUTAGE,
    runbook={"fr": ("Relever le disjoncteur",), "en": ("Reset the breaker",)},
)  # fmt: skip
KEY = AlertKey("circuit-dead", Subject(SubjectKind.CIRCUIT, "c4"))
NAMING = Naming(load_site(SAMPLE_SITE), [])


def test_an_alert_is_shown_with_its_rule_and_names() -> None:
    view = view_of(Alert(7, KEY, Phase.FIRING, 100.0, 110.0, value=1.0), RULE, NAMING)
    assert (view.number, view.signal, view.severity, view.level) == (7, "circuit-dead", Severity.OUTAGE, 0.5)
    assert (view.subject_kind, view.subject, view.rooms[0]["en"]) == ("circuit", "c4", "Café")
    assert view.room_ids == ("cafe",)
    assert view.runbook["en"] == ("Reset the breaker",)
    assert (view.taken_by, view.is_silenced) == ("", False)


def test_marks_are_shown_with_who_made_them() -> None:
    marked = Alert(
        7, KEY, Phase.FIRING, 100.0,
        acknowledged=Acknowledgement("desk", 120.0, "looking"), silence=Silence("admin", 130.0, "painting", None),
    )  # fmt: skip
    view = view_of(marked, RULE, NAMING)
    assert (view.taken_by, view.taken_ts, view.note) == ("desk", 120.0, "looking")
    assert (view.is_silenced, view.silenced_by, view.silence_reason) == (True, "admin", "painting")
    assert view.silenced_until_ts is None


def test_an_alert_of_a_rule_that_is_gone_has_no_severity_but_is_shown() -> None:
    view = view_of(Alert(7, KEY, Phase.RESOLVED, 100.0), None, NAMING)
    assert (view.severity, view.level, view.rule) == (Severity.UNKNOWN, None, "circuit-dead")


def test_a_course_keeps_its_order_and_says_who() -> None:
    events = (Event(1, 7, What.BEGAN, 100.0, value=1.0), Event(2, 7, What.ACKNOWLEDGED, 120.0, "desk"))
    assert [(one.what, one.at_ts, one.author, one.value) for one in course_of(events)] == [
        ("began", 100.0, "", 1.0),
        ("acknowledged", 120.0, "desk", None),
    ]
