"""Open alerts as Prometheus knows them: the series that its own alert rules make, for an Alertmanager that is there.

Pure; ``/metrics`` appends it to the health report's. Names follow
https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/: ``ALERTS`` is 1 while an alert is pending or
firing, ``ALERTS_FOR_STATE`` is since when. Whatever stands in an id is a label's value, escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from vigie_gateway.alerts.alert import Alert, Phase
from vigie_gateway.alerts.rules import Rule
from vigie_gateway.formats.prometheus import labelled

ALERT_SERIES: Mapping[str, str] = {
    "ALERTS": "1 while the alert is pending or firing; none when it is over",
    "ALERTS_FOR_STATE": "Epoch seconds since when it has been wrong",
}
"""By name, a line of help."""


def alert_series(alerts: Iterable[Alert], rules: Mapping[str, Rule]) -> str:
    """The text; empty while nothing is open.

    Args:
        alerts: Those that are open.
        rules: Of the place, by id: for how bad it is.
    """
    ordered = sorted(alerts, key=lambda alert: alert.number)
    samples: dict[str, list[str]] = {name: [] for name in ALERT_SERIES}
    for alert in ordered:
        if not alert.is_open:
            continue
        labels = _labels(alert, rules.get(alert.key.rule))
        state = ("alertstate", "firing" if alert.phase is Phase.FIRING else "pending")
        samples["ALERTS"].append(f"ALERTS{labelled((*labels[:1], state, *labels[1:]))} 1")
        samples["ALERTS_FOR_STATE"].append(f"ALERTS_FOR_STATE{labelled(labels)} {alert.since_ts!r}")
    lines = []
    for name, found in samples.items():
        if found:
            lines += [f"# HELP {name} {ALERT_SERIES[name]}", f"# TYPE {name} gauge", *found]
    return "".join(line + "\n" for line in lines)


def _labels(alert: Alert, rule: Rule | None) -> tuple[tuple[str, str], ...]:
    labels = [
        ("alertname", alert.key.rule),
        ("subject", str(alert.key.subject)),
        ("severity", "" if rule is None else str(rule.severity)),
        ("acknowledged", str(alert.acknowledged is not None).lower()),
        ("silenced", str(alert.silence is not None).lower()),
        ("cause", "" if alert.cause is None else str(alert.cause)),
    ]
    # An empty label is the same as none: https://prometheus.io/docs/concepts/data_model/
    return tuple((name, value) for name, value in labels if value)
