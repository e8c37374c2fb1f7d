"""The sheet for the front desk's wall: a QR code for the public page, one that joins the Wi-Fi, in words beside them.

Called by ``pages.render_poster`` alone. Pure: view in, words and drawings out. What is printed is read by people of
every language of the place, so that each text stands in all of them.
"""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from vigie_dashboard.language import Language
from vigie_dashboard.qr import drawing_of, join_text


@dataclass(frozen=True, slots=True)
class PosterView:
    """What is on the sheet.

    Attributes:
        site_name: By language.
        languages: Those of the place, its first one first.
        address: Of the public page; None while nobody has said it.
        second_address: Of the other gateway's page; None when there is none.
        wifi_name: Of the visitors' network; None where the site does not say.
        is_wifi_open: Whether anybody may join without a password.
        wifi_password: None where the place does not give it to everybody.
    """

    site_name: dict[str, str]
    languages: tuple[str, ...]
    address: str | None
    second_address: str | None
    wifi_name: str | None
    is_wifi_open: bool
    wifi_password: str | None

    @property
    def can_join(self) -> bool:
        """Whether a QR code can join the network for somebody."""
        return self.wifi_name is not None and (self.is_wifi_open or self.wifi_password is not None)


@dataclass(frozen=True, slots=True)
class Text:
    """A title and what to do, in one language."""

    lang: str
    title: str
    said: str


@dataclass(frozen=True, slots=True)
class Letters:
    """What is to be typed, and what it is: pairs of a language and its word."""

    labels: tuple[tuple[str, str], ...]
    text: str


@dataclass(frozen=True, slots=True)
class Sheet:
    """One half: its code, what the code says in letters (for those without a camera), and its words."""

    code: Markup
    letters: tuple[Letters, ...]
    texts: tuple[Text, ...]


def sheets_of(view: PosterView, languages: list[Language]) -> list[Sheet]:
    """The halves that can be printed: of the page once its address is known, of the Wi-Fi where it may be joined."""
    sheets = []
    if view.address is not None:
        sheets.append(
            Sheet(
                code=drawing_of(view.address, languages[0].gettext("QR code of %(text)s", text=view.address)),
                letters=tuple(Letters((), address) for address in (view.address, view.second_address) if address),
                texts=tuple(
                    Text(
                        language.code,
                        language.gettext("Where is a free seat?"),
                        language.gettext("Point your phone's camera at the code, or type the address."),
                    )
                    for language in languages
                ),
            )
        )
    if view.wifi_name is not None and view.can_join:
        name = view.wifi_name
        sheets.append(
            Sheet(
                code=drawing_of(
                    join_text(name, view.wifi_password), languages[0].gettext("QR code of %(text)s", text=name)
                ),
                letters=_credentials(name, view.wifi_password, languages),
                texts=tuple(
                    Text(language.code, language.gettext("Join the Wi-Fi"), _how(view, language))
                    for language in languages
                ),
            )
        )
    return sheets


def _credentials(name: str, password: str | None, languages: list[Language]) -> tuple[Letters, ...]:
    network = Letters(tuple((one.code, one.pgettext("Wi-Fi", "network")) for one in languages), name)
    if password is None:
        return (network,)
    return network, Letters(tuple((one.code, one.pgettext("Wi-Fi", "password")) for one in languages), password)


def _how(view: PosterView, language: Language) -> str:
    if view.wifi_password is None:
        return language.gettext("Point your phone's camera at the code, or choose the network below. No password.")
    return language.gettext("Point your phone's camera at the code, or type the network's name and password.")
