"""QR codes as drawings that stand in a page, black on white in every theme, as a camera wants them, or in a terminal.

Called by ``poster``, and by the gateway's command lines. The one module that knows segno.
"""

from __future__ import annotations

import io

import segno
from markupsafe import Markup
from segno.helpers import make_wifi_data

QUIET_MODULES = 4
"""The white border that a reader needs (ISO/IEC 18004 §9.1). Narrower fails on a dark wall; wider is only paper."""


def drawing_of(text: str, label: str) -> Markup:
    """The QR code of a text as an SVG element, whose size its page gives.

    Level Q is still read with a quarter of the code scratched or in the shade: a sheet at a door lives long.

    Args:
        text: What a phone reads.
        label: What it is, for those who do not see it.
    """
    # In Latin-1, which segno would take where it can, readers guess two letters with accents to be Japanese.
    code = segno.make(text, error="q", micro=False, encoding="utf-8")
    svg = code.svg_inline(border=QUIET_MODULES, omitsize=True, light="#fff", svgclass="qr", lineclass=None)
    labelled = Markup('<svg role="img" aria-label="{}"').format(label)
    return labelled + Markup(svg.removeprefix("<svg"))  # noqa: S704 - segno writes numbers alone


def terminal_drawing(text: str) -> str:
    """The QR code of a text in the characters of a terminal, dark or light: half a line for each row."""
    drawn = io.StringIO()
    segno.make(text, error="m", micro=False, encoding="utf-8").terminal(drawn, border=2, compact=True)
    return drawn.getvalue().rstrip("\n")


def join_text(network: str, password: str | None) -> str:
    """What a phone's camera takes for "join this network"; ``password`` None is an open one."""
    return make_wifi_data(network, password, None if password is None else "WPA")
