"""``/devices``: devices of others, what each says now, and the form that gives one of them its place.

Called by the gateway's ``api.devices`` on any thread. Complete without JavaScript. Pure. All that a device says of
itself is text of a stranger: escaped, set apart from the direction of the words around it, and in no address.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from vigie_dashboard.device_view import ChangeView, DevicesView, DeviceView, EntityView
from vigie_dashboard.language import Language, language_of
from vigie_dashboard.pages import render
from vigie_dashboard.quantity_names import quantity_name
from vigie_dashboard.rules_page import Typed, notice_text, trouble_text
from vigie_dashboard.unknown_words import unknown_words

SHAPES = {"pending": "warn", "changed": "warn", "absent": "unk", "approved": "ok"}
"""By state: its mark."""
_UNITS = {"Cel": "°C", "%RH": "%", "%EL": "%", "1": "", "count": "", "/": ""}
"""How units of the wire are written for people, where that is another way."""
_DIGITS = 2


@dataclass(frozen=True, slots=True)
class EntityRow:
    """What a device says of one thing, in words."""

    label: str
    quantity: str
    says: str
    is_known: bool
    heard: str
    changed: str
    why: str
    template: str


def render_devices(view: DevicesView, lang: str, theme: str | None) -> str:
    """The page."""
    language = language_of(lang)
    heading, site = language.gettext("Devices"), language.named(dict(view.site_name))
    form = view.form
    return render(
        "devices.html",
        language,
        theme,
        carried={} if form is None else {"which": form.device.digest, "table": form.table},
        view=view,
        typed=Typed(view.fields),
        cards=[_card(one, view, language) for one in view.devices],
        places=[]
        if form is None
        else [(value, _place(kind, name, room, language)) for value, kind, name, room in form.places],
        circuits=[] if form is None else [(one, language.named(dict(name))) for one, name in form.circuits],
        rooms=[] if form is None else [(one, language.named(dict(name))) for one, name in form.rooms],
        measures=[]
        if form is None
        else [(name, _measure(label, quantity, language)) for name, label, quantity in form.measures],
        trouble=lambda name: _trouble(view.troubles.get(name, ""), language),
        notice=_notice(view.notice, language),
        heading=heading,
        site=site,
        title=f"{heading} \u2013 {site} \u2013 Vigie",
    )


def _card(one: DeviceView, view: DevicesView, language: Language) -> dict[str, object]:
    about = [part for part in (f"{one.maker} {one.model}".strip(), one.software, one.area) if part]
    return {
        "device": one,
        "name": one.name or next((language.named(dict(given.name)) for given in one.given if given.name), one.identity),
        "shape": SHAPES[one.state],
        "word": _state(one.state, language),
        "about": " \u00b7 ".join(about),
        "heard": _heard(one, view, language),
        "presence": _presence(one.is_online, language),
        "rows": [_row(entity, view, language) for entity in one.entities],
        "given": [(given, _given(given.about, language)) for given in one.given],
        "changes": [_change(change, language) for change in one.changes],
    }


def _state(state: str, language: Language) -> str:
    return {
        "pending": language.gettext("Waits for a place"),
        "changed": language.gettext("Asks again"),
        "absent": language.gettext("Not heard since the gateway started"),
        "approved": language.gettext("In the place"),
    }[state]


def _presence(is_online: bool | None, language: Language) -> str:
    if is_online is None:
        return ""
    return language.gettext("says that it is there") if is_online else language.gettext("is said to be away")


def _when(at_ts: float, view: DevicesView, language: Language) -> str:
    return language.when(at_ts, view.now_ts, view.timezone)


def _heard(one: DeviceView, view: DevicesView, language: Language) -> str:
    if one.heard_ts is None:
        return language.gettext("Not heard since the gateway started")
    return language.gettext("Last heard %(when)s", when=_when(one.heard_ts, view, language))


def _row(entity: EntityView, view: DevicesView, language: Language) -> EntityRow:
    never = language.gettext("not since the gateway started")
    says, is_known = _says(entity, language)
    return EntityRow(
        label=entity.label,
        quantity=quantity_name(entity.quantity, language) if entity.quantity else "\u2013",
        says=says,
        is_known=is_known,
        heard=never if entity.heard_ts is None else _when(entity.heard_ts, view, language),
        changed=never if entity.changed_ts is None else _when(entity.changed_ts, view, language),
        why=_why(entity, language),
        template=entity.template,
    )


def _says(entity: EntityView, language: Language) -> tuple[str, bool]:
    """What it says, and whether that is known."""
    if entity.quantity is None:
        return (entity.said, True) if entity.said else (language.gettext("nothing heard yet"), False)
    if entity.value is None:
        why = unknown_words(language).get(entity.reason or "", language.gettext("nothing heard yet"))
        return language.gettext("unknown: %(why)s", why=why), False
    if entity.unit == "1":
        return (language.gettext("yes") if entity.value else language.gettext("no")), True
    unit = _UNITS.get(entity.unit, entity.unit)
    digits = 0 if entity.value == int(entity.value) else _DIGITS
    number = language.number(entity.value, digits)
    return (f"{number}\u00a0{unit}" if unit else number), True


def _why(entity: EntityView, language: Language) -> str:
    """Why it is listed only, or what its value is worth."""
    if entity.trouble:
        return _listed(language).get(entity.trouble, entity.trouble)
    return language.gettext("kept by the broker, nobody knows since when: no reading") if entity.is_retained else ""


def _listed(language: Language) -> Mapping[str, str]:
    return {
        "missing": language.gettext("something that is needed to read it is missing"),
        "component": language.gettext("this kind of thing measures nothing"),
        "setting": language.gettext("a setting of the device, no measure"),
        "class": language.gettext("Vigie measures nothing of this kind"),
        "unit": language.gettext("its unit does not fit what it measures"),
        "unit-not-told": language.gettext("it does not say what it measures"),
        "template": language.gettext("template not understood"),
        "taken": language.gettext("another announcement has this identity"),
        "own-topic": language.gettext("its topic belongs to Vigie or to the broker"),
        "shape": language.gettext("its announcement is not right"),
        "too-many": language.gettext("more than are taken"),
    }


def _change(change: ChangeView, language: Language) -> str:
    def said(quantity: str | None, unit: str) -> str:
        name = quantity_name(quantity, language) if quantity else language.gettext("nothing that Vigie knows")
        return f"{name} ({unit})" if unit else name

    return language.gettext(
        "%(channel)s was approved as %(was)s and is now told as %(now)s: it is not taken until you save it again.",
        channel=change.channel,
        was=said(change.was, change.was_unit),
        now=said(change.now, change.now_unit),
    )


def _given(about: object, language: Language) -> str:
    assert isinstance(about, list)  # noqa: S101 - told to the type checker
    return ", ".join(_place(kind, name, {}, language) for kind, name in about)


def _place(kind: str, name: Mapping[str, str], room: Mapping[str, str], language: Language) -> str:
    called = language.named(dict(name))
    if kind == "outlet":
        text = language.gettext("Outlet %(name)s", name=called)
    elif kind == "new":
        text = language.gettext("A new outlet: %(name)s", name=called)
    elif kind == "circuit":
        text = language.gettext("Circuit %(name)s", name=called)
    elif kind == "door":
        text = language.gettext("Door %(name)s", name=called)
    elif kind == "access_point":
        text = language.gettext("Access point %(name)s", name=called)
    else:
        text = language.gettext("Room %(name)s", name=called)
    return f"{text} \u2013 {language.named(dict(room))}" if room else text


def _measure(label: str, quantity: str, language: Language) -> str:
    if not quantity:
        return language.gettext("%(label)s (not told now)", label=label)
    name = quantity_name(quantity, language)
    return name if label == name else f"{label} \u00b7 {name}"


def _trouble(trouble: str, language: Language) -> str:
    if trouble == "measures":
        return language.gettext("Take one measure at least.")
    return trouble_text(trouble, language)


def _notice(notice: str, language: Language) -> str:
    if notice == "removed":
        return language.gettext("Taken out of the place: what was measured stays.")
    return notice_text(notice, language)
