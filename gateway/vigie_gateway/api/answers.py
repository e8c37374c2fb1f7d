"""What answers of several pages have in common. Used by the handlers.

That nothing is kept is not among it: ``headers`` says so of every answer that does not say otherwise.
"""

from __future__ import annotations

import math
from http import HTTPStatus

from fastapi.responses import HTMLResponse, Response


def page(html: str, status: int = HTTPStatus.OK) -> Response:
    """A page in the reader's language."""
    return HTMLResponse(html, status, {"vary": "accept-language, accept-encoding"})


def retry_after(wait_s: float) -> dict[str, str]:
    """The header that says when to come back, in whole seconds; none where nobody has to wait."""
    return {"retry-after": str(math.ceil(wait_s))} if wait_s else {}
