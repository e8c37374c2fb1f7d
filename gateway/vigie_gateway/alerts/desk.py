"""What pages and programs ask of alerts, and what people do with them. Request threads call it; as ``showing`` says.

Reading goes to the book, marking through the alert thread's ``watch``, so that one alone makes transitions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from vigie_dashboard.alert_view import AlertView
from vigie_dashboard.notices import Severity
from vigie_gateway.alerts import marks
from vigie_gateway.alerts.alert import Alert, Change, Phase
from vigie_gateway.alerts.book import Book
from vigie_gateway.alerts.book_file import BookError
from vigie_gateway.alerts.naming import Naming
from vigie_gateway.alerts.rules import Rule
from vigie_gateway.alerts.showing import AlertDetail, MarkError, course_of, view_of
from vigie_gateway.alerts.watch import BusyError, NotOpenError, Watch

_WORST_FIRST = (Severity.OUTAGE, Severity.WARNING, Severity.UNKNOWN)
_FIELDS = {"reason": "reason", "note": "reason", "until_ts": "until", "author": "reason", "alert": "over"}
"""By the field that ``marks`` refuses, the kind that pages know."""
_REASONS = {"too-long": "long", "not-text": "text"}
"""By why it does, where the field alone does not say what to type."""


class Desk:
    """The alerts of one place.

    Args:
        rules: By id.
        book: Where they are written.
        watch: The thread.
        naming: The place's words, as they are now.
    """

    def __init__(self, rules: Mapping[str, Rule], book: Book, watch: Watch, naming: Callable[[], Naming]) -> None:
        self.rules = rules
        self._book = book
        self._watch = watch
        self._naming = naming

    def standing(self) -> Sequence[Alert]:
        """What is open, pending too, as of the last round in which something happened."""
        return self._watch.standing

    def firing(self) -> list[AlertView]:
        """Those that fire, silenced ones too, worst first, then the oldest first."""
        found = [alert for alert in self._watch.standing if alert.phase is Phase.FIRING]
        numbers = {alert.number for alert in found}
        naming = self._naming()

        def view(alert: Alert) -> AlertView:
            below = [one for one in found if one.cause == alert.number and one is not alert]
            return self._view(alert, naming, map(view, below))

        views = [view(alert) for alert in found if alert.cause not in numbers]
        return sorted(views, key=lambda one: (_WORST_FIRST.index(one.severity), one.since_ts))

    def count(self) -> int | None:
        """How many ``current`` are; None while nobody knows."""
        return self._watch.current()

    def current(self) -> list[AlertView]:
        """Those that fire and are not silenced, worst first, then the oldest first."""
        return [one for one in self.firing() if not one.is_silenced]

    def silenced(self) -> list[AlertView]:
        """Those that fire and of which nobody is told, the oldest first."""
        return sorted((one for one in self.firing() if one.is_silenced), key=lambda one: one.since_ts)

    def recovered(self, since_ts: float) -> list[AlertView]:
        """Those resolved since then, the newest end first."""
        return self._joined([alert for alert in self._book.ended(since_ts) if alert.cause is None])

    def history(self, before: int | None, limit: int) -> list[AlertView]:
        """Every alert that ever fired, the highest number first: of those with a lower number than ``before``."""
        return self._joined(self._book.history(before, limit))

    def one(self, number: int) -> AlertDetail | None:
        """An alert of any phase, with its dependants and its course."""
        alert = self._book.alert(number)
        if alert is None:
            return None
        return AlertDetail(self.view(alert), course_of(self._book.course(number)))

    def view(self, alert: Alert) -> AlertView:
        """An alert in the place's words, with what it explains."""
        return self._joined([alert])[0]

    def last_ended(self) -> AlertView | None:
        """The last that fired and ended; None when none ever did."""
        last = self._book.last_ended()
        return None if last is None else self.view(last)

    def acknowledge(self, number: int, author: str, note: str = "", *, known: str = "") -> None:
        """Take it in hand. Who has it already may do it again, and changes the note.

        ``known`` is who they know has it; whoever else has it is not put aside unasked.
        """

        def take(alert: Alert, now_ts: float) -> Change:
            taken = alert.acknowledged
            if taken is not None and taken.author not in {author, known}:
                raise MarkError("taken", f"alert {number} is in the hands of {taken.author}", taken.author)
            return marks.acknowledge(alert, author, now_ts, note)

        self._mark(number, take)

    def release(self, number: int, author: str) -> None:
        """Give it back to nobody."""
        self._mark(number, lambda alert, now_ts: (alert.acknowledged and marks.release(alert, author, now_ts)) or None)

    def silence(self, number: int, author: str, reason: str, until_ts: float | None) -> None:
        """Tell nobody of it until then, at most until it is over; None: until it is over."""
        self._mark(number, lambda alert, now_ts: marks.silence(alert, author, now_ts, reason, until_ts))

    def unsilence(self, number: int, author: str) -> None:
        """Tell of it again."""
        self._mark(number, lambda alert, now_ts: (alert.silence and marks.unsilence(alert, author, now_ts)) or None)

    def note(self, number: int, author: str, text: str) -> None:
        """Write something into its course."""
        self._mark(number, lambda alert, now_ts: marks.note(alert, author, now_ts, text))

    def _mark(self, number: int, do: Callable[[Alert, float], Change | None]) -> None:
        try:
            self._watch.mark(number, do)
        except marks.MarkError as error:
            raise MarkError(_REASONS.get(error.reason) or _FIELDS[error.field], str(error)) from error
        except NotOpenError as error:
            kind = "unknown" if self._book.alert(number) is None else "over"
            raise MarkError(kind, str(error)) from error
        except (BusyError, BookError) as error:
            raise MarkError("store", str(error)) from error

    def _joined(self, alerts: Sequence[Alert]) -> list[AlertView]:
        naming = self._naming()

        def view(alert: Alert) -> AlertView:
            return self._view(alert, naming, map(view, self._book.explained_by(alert.number)))

        return [view(alert) for alert in alerts]

    def _view(self, alert: Alert, naming: Naming, dependants: Iterable[AlertView]) -> AlertView:
        return view_of(alert, self.rules.get(alert.key.rule), naming, dependants)
