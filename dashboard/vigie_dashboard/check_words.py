"""The words of the page "will it fit?": one for each resource, verdict, obstacle, caution, doubt and activity.

Called by ``check_text`` and ``check_form_text``; pure. The keys are those of ``vigie_gateway.capacity``; a test on the
gateway's side holds that each has its words.
"""

from __future__ import annotations

from vigie_dashboard.check_view import ActivityChoice, EquipmentChoice
from vigie_dashboard.language import NBSP, Language
from vigie_dashboard.unknown_words import unknown_words

VERDICT_SHAPES = {"go": "ok", "tight": "warn", "no-go": "crit", "not-checked": "unk"}
"""By verdict: the shape beside its words."""
RESOURCE_ICONS = {
    "seats": "seat",
    "outlets": "plug",
    "power": "bolt",
    "devices": "people",
    "addresses": "link",
    "download": "wifi",
    "upload": "wifi",
    "airtime": "wifi",
    "latency": "clock",
}


def verdict_words(language: Language) -> dict[str, str]:
    """What stands largest."""
    return {
        "go": language.gettext("It fits"),
        "tight": language.gettext("It fits, just about"),
        "no-go": language.gettext("It does not fit"),
    }


def then_words(language: Language) -> dict[str, str]:
    """The verdict that an action would get, beside it."""
    return {
        "go": language.gettext("it fits"),
        "tight": language.gettext("still tight"),
        "no-go": language.gettext("still too much"),
    }


def resource_names(language: Language) -> dict[str, str]:
    """As rows are headed."""
    return {
        "seats": language.gettext("Seats"),
        "outlets": language.gettext("Outlets"),
        "power": language.gettext("Power"),
        "devices": language.gettext("Devices"),
        "addresses": language.gettext("Network addresses"),
        "download": language.gettext("Download"),
        "upload": language.gettext("Upload"),
        "airtime": language.gettext("Wi-Fi airtime"),
        "latency": language.gettext("Response time"),
    }


def resource_phrases(language: Language) -> dict[str, str]:
    """As they stand within a sentence."""
    return {
        "seats": language.gettext("the seats"),
        "outlets": language.gettext("the outlets"),
        "power": language.gettext("the power of the circuit"),
        "devices": language.gettext("the devices on the access points"),
        "addresses": language.gettext("the network addresses"),
        "download": language.gettext("the download"),
        "upload": language.gettext("the upload"),
        "airtime": language.gettext("the Wi-Fi airtime"),
        "latency": language.gettext("the response time"),
    }


def resource_notes(language: Language) -> dict[str, str]:
    """What a row is about, under its name."""
    return {
        "seats": language.gettext("in the room"),
        "outlets": language.gettext("free and live"),
        "power": language.gettext("circuit of the room"),
        "devices": language.gettext("on the access points"),
        "addresses": language.gettext("for devices that come and go"),
        "download": language.gettext("of the internet line"),
        "upload": language.gettext("of the internet line"),
        "airtime": language.gettext("share of the radio's time"),
        "latency": language.gettext("of what may be lost"),
    }


def breaking_words(language: Language) -> dict[str, str]:
    """What happens to people when a resource gives in."""
    return {
        "seats": language.gettext("people will stand"),
        "outlets": language.gettext("some will find no outlet"),
        "power": language.gettext("the breaker may trip"),
        "devices": language.gettext("some will not get on the Wi-Fi"),
        "addresses": language.gettext("some will not get on the network"),
        "download": language.gettext("everything will slow down"),
        "upload": language.gettext("what is sent will get stuck"),
        "airtime": language.gettext("the Wi-Fi will slow down for everybody"),
        "latency": language.gettext("everything will answer late"),
    }


def missing_words(language: Language) -> dict[str, str]:
    """Why nothing is known of a resource."""
    return unknown_words(language) | {
        "no-sensor": language.gettext("no sensor measures it"),
        "no-history": language.gettext("no readings yet at such hours"),
        "silent": language.gettext("its sensor is silent"),
        "power-save": language.gettext("the probe's Wi-Fi was saving power, and its times say nothing"),
        "not-declared": language.gettext("the place has not said how much there is"),
        "calendar-failed": language.gettext("the calendar cannot be read"),
        "calendar-starting": language.gettext("the calendar has not been read yet"),
        "calendar-ends": language.gettext("the calendar does not say what takes place then"),
    }


def missing_text(reason: str | None, language: Language) -> str:
    """Why nothing is known; a word that we do not know is told as it is."""
    return "" if reason is None else missing_words(language).get(reason, reason)


def basis_words(language: Language) -> dict[str, str]:
    """What a capacity rests on."""
    return {
        "measured": language.gettext("measured here"),
        "declared": language.gettext("as the place says"),
        "rehearsed": language.gettext("held in the rehearsal"),
        "estimated": language.gettext("an estimate, not measured"),
    }


def obstacle_words(language: Language) -> dict[str, str]:
    """What stands in the way besides resources."""
    return {
        "closed": language.gettext("The room is closed for at least part of that time."),
        "booked": language.gettext("Somebody else has the room at that time."),
    }


def caution_words(language: Language) -> dict[str, str]:
    """Why a row with margin is tight all the same."""
    return {
        "few-days": language.gettext("too few days like this one were measured"),
        "estimated": language.gettext("this is an estimate"),
        "others-unknown": language.gettext("another session may take from it, and nobody knows how much"),
    }


def unsaid_words(language: Language) -> dict[str, str]:
    """What the measure does not tell."""
    return {
        "own-mobile-data": language.gettext("who uses a mobile connection of their own"),
        "noise": language.gettext("the noise"),
        "neighbours": language.gettext("what the neighbours do to the line that day"),
        "rate-estimated": language.gettext(
            "the rate of the Wi-Fi, which follows from its signal and is known within a factor of two"
        ),
        "latency-not-loaded": language.gettext("how late the line answers once it is busy"),
        "never-so-many": language.gettext("how this room behaves with more people than were ever counted here"),
        "few-days": language.gettext("whether the few days that were measured are usual ones"),
        "others-unknown": language.gettext("what else takes place at that time"),
        "not-checked": language.gettext("what was not checked above"),
    }


def doubt_words(language: Language) -> dict[str, str]:
    """What lowered the confidence; the other kinds of what is not said never do."""
    return unsaid_words(language) | {
        "not-checked": language.gettext("the Wi-Fi airtime was not checked"),
        "latency-not-loaded": language.gettext("response times were measured on a quiet line only"),
        "never-so-many": language.gettext("so many people were never counted here"),
        "few-days": language.gettext("the latest readings are more than a week old"),
    }


def confidence_words(language: Language) -> dict[str, str]:
    """How sure the answer is."""
    return {
        "low": language.gettext("Not very sure"),
        "medium": language.gettext("Fairly sure"),
        "high": language.gettext("Sure"),
    }


def activity_words(language: Language) -> dict[str, str]:
    """Of those that every place has; they follow "They will mostly…"."""
    return {
        "listen-talk": language.gettext("listen, talk"),
        "web-write": language.gettext("browse, write"),
        "watch-video": language.gettext("watch videos"),
        "video-call": language.gettext("be on video calls"),
        "audio-call": language.gettext("be on calls without a camera"),
        "download-code": language.gettext("download, code"),
        "livestream": language.gettext("follow a session that is streamed live"),
    }


def activity_name(activity: ActivityChoice, language: Language) -> str:
    """The site's own word, else ours, else its id."""
    own = language.named(dict(activity.names))
    return own or activity_words(language).get(activity.id, activity.id)


def equipment_words(language: Language) -> dict[str, str]:
    """Of what every place knows."""
    return {"projector": language.gettext("projector"), "kettle": language.gettext("kettle or coffee maker")}


def equipment_name(equipment: EquipmentChoice, language: Language) -> str:
    """The site's own word, else ours, else its id."""
    own = language.named(dict(equipment.names))
    return own or equipment_words(language).get(equipment.id, equipment.id)


def rate_text(rate_bps: float, language: Language) -> str:
    """``1,5 Mb/s``: with one decimal under 10, where it says something."""
    rate_mbps = rate_bps / 1e6
    digits = 0 if rate_mbps >= 10 or rate_mbps == round(rate_mbps) else 1  # noqa: PLR2004 - the sentence above
    if 0 < rate_mbps < 0.1:  # noqa: PLR2004 - one decimal would show it as 0
        digits = 2
    return f"{language.number(rate_mbps, digits)}{NBSP}Mb/s"


def share_text(share: float, language: Language) -> str:
    """``2 in 3`` for a share that people say so; else in percent."""
    said = {
        0.0: language.gettext("nobody"),
        0.25: language.gettext("1 in 4"),
        0.33: language.gettext("1 in 3"),
        0.5: language.gettext("1 in 2"),
        0.67: language.gettext("2 in 3"),
        1.0: language.gettext("everybody"),
    }
    return said.get(round(share, 2)) or language.percent(share)
