"""What a channel is called that nobody gave a label: by what it measures, and of what. Pure.

Called by the gateway's ``place.channel_names``.
"""

from __future__ import annotations

from collections.abc import Mapping

from vigie_dashboard.language import Language
from vigie_dashboard.quantity_names import quantity_name


def outlet_channel(quantity: str, outlet: str, language: Language) -> str:
    """``prise 3``; what it measures beside it where that is not whether the outlet is in use."""
    called = language.gettext("outlet %(outlet)s", outlet=outlet)
    return called if quantity == "in_use" else f"{quantity_name(quantity, language)}, {called}"


def channel_of(quantity: str, thing: Mapping[str, str], language: Language) -> str:
    """``Puissance apparente, C4``: what it measures, of a circuit, an access point or a line where it is of one."""
    called = quantity_name(quantity, language)
    return f"{called}, {language.named(dict(thing))}" if thing else called
