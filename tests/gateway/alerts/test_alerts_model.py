"""The engine against a plain account of what it has to do; and faults sown into it, each of which that account finds.

The model counts seconds: for how long it was seen to be wrong, or well. It knows no times, so that neither a clock step
nor a restart can mean anything to it.
"""

from __future__ import annotations

import types
from dataclasses import dataclass, replace

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, run_state_machine_as_test
from hypothesis.stateful import rule as action
from tests.gateway.alerts.alert_stream import rule, seen, told

from vigie_gateway.alerts import engine as engine_module
from vigie_gateway.alerts import judgement
from vigie_gateway.alerts.engine import Engine
from vigie_gateway.alerts.judgement import OUTAGE_S
from vigie_gateway.alerts.rules import Rule, When

WRONG, EASED, WELL = 12.0, 9.0, 5.0


@dataclass
class Account:
    """Of one rule: none, pending or firing, and what was seen last."""

    rule: Rule
    phase: str = "none"
    counted_s: float = 0.0
    is_ending: bool = False
    last: float | None = None

    def look(self, value: float | None, after_s: float, is_open: bool | None) -> str:
        """What happens, in a word; ``after_s`` since the last look."""
        rule, last = self.rule, self.last
        self.last = value
        holds = rule.when is When.ALWAYS or is_open is None or (rule.when is When.OPEN) is is_open
        if self.phase == "none":
            if value != WRONG or not holds:
                return ""
            self.phase, self.counted_s, self.is_ending = "pending", 0.0, False
            return "began " + self._fire_if_due(value)
        if not holds and (self.phase == "pending" or rule.when is When.CLOSED):
            return self._end()
        if self.phase == "pending":
            self.counted_s += after_s if last == WRONG else 0.0
            return self._end() if value == WELL else self._fire_if_due(value)
        self.counted_s += after_s if self.is_ending and last is not None else 0.0
        if value == WRONG:
            self.is_ending = False
        elif value == WELL and not self.is_ending:
            self.is_ending, self.counted_s = True, 0.0
        return self._end() if self.is_ending and value is not None and self.counted_s >= rule.keep_firing_s else ""

    def _end(self) -> str:
        word = "resolved" if self.phase == "firing" else "dropped"
        self.phase = "none"
        return word

    def _fire_if_due(self, value: float | None) -> str:
        if value != WRONG or self.counted_s < self.rule.for_s:
            return ""
        self.phase = "firing"
        return "fired"


class EngineMachine(RuleBasedStateMachine):
    """One subject, several rules."""

    @initialize(
        for_s=st.sampled_from([0.0, 2.0, 30.0]),
        keep_firing_s=st.sampled_from([0.0, 2.0, 30.0]),
        is_open=st.sampled_from([None, True, False]),
    )
    def begin(self, for_s: float, keep_firing_s: float, is_open: bool | None) -> None:
        self.judging = [
            rule(when, level=10, clears=8, for_s=for_s, keep_firing_s=keep_firing_s, when=when) for when in When
        ]
        self.accounts = [Account(one) for one in self.judging]
        self.engine = Engine(self.judging)
        self.now_ts = 1_000_000.0
        self.is_open = is_open
        self.value: float | None = WELL
        self.off_s = 0.0

    @action(value=st.sampled_from([WRONG, WRONG, WELL, EASED, None]), seconds=st.sampled_from([1, 2, 29, 31]))
    def say(self, value: float | None, seconds: int) -> None:
        self.value = value
        for _ in range(seconds):
            self._look()

    @action(is_open=st.sampled_from([None, True, False]))
    def open_or_close(self, is_open: bool | None) -> None:
        self.is_open = is_open
        self._look()

    @action(step_s=st.sampled_from([-86_400.0, -5.0, 40.0, 1e9]))
    def set_clock(self, step_s: float) -> None:
        self.now_ts += step_s
        self.engine.moved(step_s)
        self._look()

    @action(off_s=st.sampled_from([5.0, OUTAGE_S - 1, OUTAGE_S + 1, 86_400.0]), value=st.sampled_from([WRONG, WELL]))
    def restart(self, off_s: float, value: float) -> None:
        self.engine = Engine(self.judging, [replace(one, seen_ts=self.now_ts) for one in self.engine.alerts()])
        if off_s > OUTAGE_S:
            for account in self.accounts:
                account.last = None
        self.value = value
        self._look(off_s + 1)

    def _look(self, after_s: float = 1.0) -> None:
        self.now_ts += after_s
        changes = self.engine.step([seen(self.value)], self.is_open, self.now_ts)
        happened = {change.alert.key.rule: told([change]) for change in changes}
        for account in self.accounts:
            words = [word.split()[0] for word in happened.get(account.rule.id, [])]
            expected = account.look(self.value, after_s, self.is_open).split()
            assert [word for word in words if word not in {"lost", "found"}] == expected, account
        phases = {alert.key.rule: str(alert.phase) for alert in self.engine.alerts()}
        assert phases == {one.rule.id: one.phase for one in self.accounts if one.phase != "none"}


EngineMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestEngineDoesWhatTheAccountSays = EngineMachine.TestCase


MUTANTS = {
    "unknown resolves": (
        "    if value is None:\n        return _not_known(fresh, signal, now_ts)\n",
        "    if value is None:\n        return ended(fresh, Reason.WELL, now_ts)\n",
    ),
    "unknown counts towards for": ("unknown_s=alert.unknown_s + unknown_s", "unknown_s=alert.unknown_s"),
    "unknown counts towards keep_firing": ("min(alert.well_since_ts + unknown_s, now_ts)", "alert.well_since_ts"),
    "hysteresis is ignored": ("        if not rule.is_well(value):\n            return alert, None\n", ""),
    "an eased wait counts": ("unknown_s=alert.unknown_s + eased_s)", "unknown_s=alert.unknown_s)"),
    "keep_firing is ignored": ("alert.well_since_ts + rule.keep_firing_s:", "alert.well_since_ts:"),
    "what is wrong again does not stop the end": (
        "(alert if alert.well_since_ts is None else replace(alert, well_since_ts=None)), None", "alert, None"
    ),
    "for is ignored": ("alert.since_ts + alert.unknown_s + rule.for_s", "alert.since_ts + alert.unknown_s"),
    "a restart counts all the time that it took": ("if now_ts - seen_ts > OUTAGE_S else alert", "if False else alert"),
    "a restart forgets a short time": ("if now_ts - seen_ts > OUTAGE_S else alert", "if True else alert"),
    "hours are ignored": ("rule.when is When.ALWAYS or is_open is None", "True or is_open is None"),
    "what fires at closing time ends": ("(fresh.phase is Phase.PENDING or rule.when is When.CLOSED)", "True"),
    "a clock step moves nothing": ("since_ts=alert.since_ts + step_s", "since_ts=alert.since_ts"),
    "a clock step does not move the way to the end": ("after(alert.well_since_ts)", "alert.well_since_ts"),
}  # fmt: skip


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_fault_sown_into_the_engine_is_found(mutant: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sound, broken = MUTANTS[mutant]
    source = judgement_source()
    assert source.count(sound) == 1, f"{mutant}: {sound!r} is not there once"
    changed = types.ModuleType("changed_judgement")
    exec(compile(source.replace(sound, broken), mutant, "exec"), changed.__dict__)  # noqa: S102 - our own source
    for name in ("judge", "is_in_hours"):
        monkeypatch.setattr(engine_module, name, changed.__dict__[name])
    monkeypatch.setattr(engine_module, "judgement", changed)
    quick = settings(
        max_examples=300,
        stateful_step_count=30,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )
    with pytest.raises(AssertionError):
        run_state_machine_as_test(EngineMachine, settings=quick)


def judgement_source() -> str:
    """The text of the module."""
    from pathlib import Path

    return Path(judgement.__file__).read_text(encoding="utf-8")
