"""The gauges of the page "will it fit?": where the need stands on what there is, and the same in words.

Called by ``check_text``; pure. Places are shares of the drawing's width, written as SVG takes them: no style attribute
is needed, and a gauge is as wide as its row.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from vigie_dashboard.check_view import AmountsView, GaugeView, NeedView
from vigie_dashboard.check_words import (
    RESOURCE_ICONS,
    VERDICT_SHAPES,
    basis_words,
    caution_words,
    missing_text,
    resource_names,
    resource_notes,
)
from vigie_dashboard.language import NBSP, Language

COUNTED = frozenset({"seats", "outlets", "devices", "addresses"})
"""Resources that come by the piece: needs are rounded up, what there is down, so that no rounding makes it fit."""
RATES = frozenset({"download", "upload"})
HEADROOM = 1.25
"""Of the largest figure, how far a gauge reaches. Lower puts the need at the very edge; higher makes it all small."""
MOST_OVER = 3.0
"""Times the highest capacity that a gauge reaches at most: beyond, what there is could not be seen. The need then
stands at its end; words tell how much it is."""
_ROUNDING = 1e-6
_KW = 1_000.0
_ONE_DECIMAL_BELOW = 10.0


@dataclass(frozen=True, slots=True)
class Drawing:
    """Places on a gauge, as percentages with their sign.

    Attributes:
        held: Width of what is held nine times in ten.
        good: Width of what is held on good days beyond that.
        highest: Place of the highest measured; "" where there is no such.
        need: Place of the need.
        least: Begin of the need's range; "" where it is one number.
        range: Width of that range.
    """

    held: str
    good: str
    highest: str
    need: str
    least: str
    range: str


@dataclass(frozen=True, slots=True)
class Row:
    """One resource as the page shows it, in the gauge's row and in the table's.

    Attributes:
        resource: Its word.
        icon: Of the resource.
        name: Of the resource.
        note: Under its name.
        shape: Of its verdict.
        margin: What is left, in words.
        figures: Need and capacity.
        why: What made it tight besides its figures, or why it was not checked; "" for nothing.
        drawing: None where it was not checked.
        cells: Of the table: need, nine times in ten, good days, highest, basis.
    """

    resource: str
    icon: str
    name: str
    note: str
    shape: str
    margin: str
    figures: str
    why: str
    drawing: Drawing | None
    cells: tuple[str, str, str, str, str]

    @property
    def said(self) -> str:
        """The whole row, for who does not see the drawing."""
        return ", ".join(part for part in (self.margin, self.figures, self.why) if part)


@dataclass(frozen=True, slots=True)
class Measure:
    """How numbers of a resource are written: divided by ``size``, with so many decimals, and a unit."""

    size: float
    digits: int
    unit: str
    language: Language

    def bare(self, value: float) -> str:
        """Without its unit; of rates, small ones have a decimal beside large ones."""
        is_fine = self.unit == "Mb/s" and value < _ONE_DECIMAL_BELOW * self.size
        return self.language.number(value / self.size, 1 if is_fine else self.digits)

    def full(self, value: float) -> str:
        """With it."""
        if not self.unit:
            return self.bare(value)
        is_joined = self.unit == "%" and self.language.code != "fr"
        return f"{self.bare(value)}{'' if is_joined else NBSP}{self.unit}"


def measure_of(gauge: GaugeView, language: Language) -> Measure:
    """By what the resource is, and how large the figures are."""
    figures = _figures(gauge.need, gauge.amounts)
    largest = max(figures, default=0.0)
    if gauge.resource in RATES or _is_rate(gauge):
        return Measure(1e6, 0, "Mb/s", language)
    if gauge.resource == "power":
        return Measure(_KW, 1, "kW", language) if largest >= _KW else Measure(1.0, 0, "W", language)
    if gauge.resource in COUNTED:
        return Measure(1.0, 0, "", language)
    return Measure(0.01, 0, "%", language)


def _is_rate(gauge: GaugeView) -> bool:
    """Where the radio was not measured, a rehearsal tells what the air carried."""
    return gauge.resource == "airtime" and gauge.amounts is not None and gauge.amounts.basis == "rehearsed"


def _figures(need: NeedView | None, amounts: AmountsView | None) -> list[float]:
    found = [] if need is None else [need.low, need.mid, need.high]
    if amounts is not None:
        found += [amounts.dependable, amounts.usual]
        found += [] if amounts.highest is None else [amounts.highest]
    return [one for one in found if math.isfinite(one)]


def rounded_need(gauge: GaugeView, value: float) -> float:
    """A whole number of pieces, never fewer than are needed."""
    return math.ceil(value - _ROUNDING) if gauge.resource in COUNTED else value


def rounded_amount(gauge: GaugeView, value: float) -> float:
    """A whole number of pieces, never more than there are."""
    return math.floor(value + _ROUNDING) if gauge.resource in COUNTED else value


def row_of(gauge: GaugeView, people: int, language: Language, *, is_limiting: bool, note: str = "") -> Row:
    """One row.

    Args:
        gauge: The resource.
        people: Who come.
        language: Of the reader.
        is_limiting: It is named as what limits the session.
        note: Under its name; "" for what it always is.
    """
    note = note or resource_notes(language).get(gauge.resource, "")
    return Row(
        resource=gauge.resource,
        icon=RESOURCE_ICONS.get(gauge.resource, ""),
        name=resource_names(language).get(gauge.resource, gauge.resource),
        note=language.gettext("limits the session") if is_limiting and gauge.verdict != "go" else note,
        shape=VERDICT_SHAPES[gauge.verdict],
        margin=margin_text(gauge, people, language),
        figures=_figures_text(gauge, language),
        why=_why(gauge, language),
        drawing=_drawing(gauge),
        cells=_cells(gauge, language),
    )


def _why(gauge: GaugeView, language: Language) -> str:
    if gauge.amounts is None:
        return missing_text(gauge.missing, language)
    words = caution_words(language)
    told = [words.get(caution, caution) for caution in gauge.cautions]
    if gauge.amounts.basis == "rehearsed":
        told.append(basis_words(language)["rehearsed"])
    return language.listed(told)


def margin_text(gauge: GaugeView, people: int, language: Language) -> str:
    """What is left or lacks, in a few words."""
    if gauge.amounts is None or gauge.need is None:
        return language.gettext("not checked")
    if gauge.verdict == "no-go":
        return _lack_text(gauge, gauge.need, gauge.amounts, people, language)
    need, held = rounded_need(gauge, gauge.need.high), rounded_amount(gauge, gauge.amounts.dependable)
    if need > held + _ROUNDING:
        at_best = gauge.amounts.highest
        is_all_taken = at_best is not None and gauge.resource in COUNTED and need == rounded_amount(gauge, at_best)
        return language.gettext("no margin") if is_all_taken else language.gettext("too tight")
    if abs(held - need) <= _ROUNDING:
        return language.gettext("no margin") if need else language.gettext("nothing needed")
    if gauge.resource in {"seats", "outlets"}:
        return language.ngettext("%(num)s spare", "%(num)s spare", int(held - need))
    return language.gettext("%(share)s spare", share=language.percent(1 - need / held))


def _lack_text(gauge: GaugeView, need: NeedView, amounts: AmountsView, people: int, language: Language) -> str:
    if gauge.breaks_at and gauge.resource not in COUNTED:
        return language.ngettext(
            "enough for %(num)s of %(people)s",
            "enough for %(num)s of %(people)s",
            gauge.breaks_at,
            people=language.number(people, 0),
        )
    if gauge.resource == "latency":
        return language.gettext("too slow")
    at_best = 0.0 if amounts.highest is None else amounts.highest
    short = rounded_need(gauge, need.low) - rounded_amount(gauge, at_best)
    if gauge.resource in COUNTED:
        return language.ngettext("%(num)s short", "%(num)s short", int(short))
    return language.gettext("%(amount)s short", amount=measure_of(gauge, language).full(short))


def _figures_text(gauge: GaugeView, language: Language) -> str:
    if gauge.need is None:
        return ""
    measure, need = measure_of(gauge, language), _need_text(gauge, gauge.need, language)
    if gauge.amounts is None:
        return language.gettext("%(need)s needed", need=need)
    low = rounded_amount(gauge, gauge.amounts.dependable)
    high = None if gauge.amounts.highest is None else rounded_amount(gauge, gauge.amounts.highest)
    if high is None and gauge.verdict != "go":
        return language.gettext("%(need)s of at least %(low)s", need=need, low=measure.bare(low))
    if gauge.verdict == "go" or high is None or measure.bare(high) == measure.bare(low):
        return language.gettext("%(need)s of %(amount)s", need=need, amount=measure.bare(low))
    return language.gettext(
        "%(need)s of %(low)s to %(high)s", need=need, low=measure.bare(low), high=measure.bare(high)
    )


def _need_text(gauge: GaugeView, need: NeedView, language: Language) -> str:
    """One number, or from the least to the most where the model has a range."""
    measure = measure_of(gauge, language)
    low, high = (rounded_need(gauge, one) for one in (need.low, need.high))
    if measure.bare(low) == measure.bare(high):
        return measure.full(high)
    return language.gettext("%(low)s to %(high)s", low=measure.bare(low), high=measure.full(high))


def _cells(gauge: GaugeView, language: Language) -> tuple[str, str, str, str, str]:
    measure, unknown = measure_of(gauge, language), "\u2013"
    need = unknown if gauge.need is None else _need_text(gauge, gauge.need, language)
    if gauge.amounts is None:
        return need, unknown, unknown, unknown, missing_text(gauge.missing, language)
    amounts = gauge.amounts
    held, usual = (measure.full(rounded_amount(gauge, one)) for one in (amounts.dependable, amounts.usual))
    highest = language.gettext("not reached")
    if amounts.highest is not None:
        highest = measure.full(rounded_amount(gauge, amounts.highest))
    basis = basis_words(language).get(amounts.basis, amounts.basis)
    if amounts.days is not None:
        days = language.ngettext("%(num)s comparable day", "%(num)s comparable days", amounts.days)
        basis = f"{basis} ({days})"
    return need, held, usual, highest, basis


def _drawing(gauge: GaugeView) -> Drawing | None:
    need, amounts = gauge.need, gauge.amounts
    if need is None or amounts is None:
        return None
    at_best = max(amounts.usual, amounts.highest or 0.0)
    most = max(at_best, need.high)
    reach = HEADROOM * (min(most, MOST_OVER * at_best) if at_best > 0 else most) or 1.0

    def placed(value: float) -> float:
        return 100 * min(1.0, max(0.0, value) / reach)

    held = placed(amounts.dependable)
    least, greatest = placed(need.low), placed(need.high)
    is_range = greatest - least > 1
    return Drawing(
        held=_percent(held),
        good=_percent(placed(amounts.usual) - held),
        highest="" if amounts.highest is None else _percent(placed(amounts.highest)),
        need=_percent(placed(need.mid)),
        least=_percent(least) if is_range else "",
        range=_percent(greatest - least) if is_range else "",
    )


def _percent(share: float) -> str:
    return f"{share:.2f}%"
