"""A version of the nodes' program, offered to them over TLS by ``vigie-gateway node update`` as long as it runs.

The certificate is the broker's, which nodes trust; they check each file against the manifest. Everything is read and
checked before the port is opened, so that nothing that is asked for becomes the name of a file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vigie_gateway.nodes.door import Application, Message, Receive, Send

PORT = 8885
"""Where nodes ask for a newer version, as their set-up page writes it into ``node.json``."""
MANIFEST = "/firmware/manifest.json"


class OfferError(Exception):
    """The folder holds no version; one line for a person."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What is offered.

    Attributes:
        version: Its name.
        files: By the path that a node asks for.
        last: The path that a node asks for last.
    """

    version: str
    files: dict[str, bytes]
    last: str


def read_offer(folder: Path) -> Offer:
    """What ``firmware/release.py`` wrote there; raises OfferError."""
    path = folder / MANIFEST[1:]
    try:
        raw = path.read_bytes()
        manifest = json.loads(raw)
        version, digests = str(manifest["version"]), dict(manifest["files"])
        if any(part in {"", ".", ".."} for name in (version, *digests) for part in name.split("/")):
            raise OfferError(f"{path} names a file outside its folder")
        files = {f"/firmware/{version}/{name}": (folder / "firmware" / version / name).read_bytes() for name in digests}
    except OSError as error:
        raise OfferError(
            f"{error.filename}: {error.strerror}: python3 firmware/release.py {folder} writes it"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise OfferError(f"{path} is no manifest: expected version and files") from error
    for name, digest in digests.items():
        if hashlib.sha256(files[f"/firmware/{version}/{name}"]).hexdigest() != digest:
            raise OfferError(f"{folder / 'firmware' / version / name} is not what the manifest says")
    if not digests:
        raise OfferError(f"{path} names no file")
    return Offer(version, {MANIFEST: raw, **files}, f"/firmware/{version}/{max(digests)}")


def application(offer: Offer, on_asked: Callable[[str, str], None]) -> Application:
    """What answers nodes; ``on_asked`` is called with the address and the path of each file that was sent."""

    async def answer(scope: Message, receive: Receive, send: Send) -> None:  # noqa: ARG001 - a GET has no body
        if scope["type"] != "http":
            return
        body = offer.files.get(scope["path"]) if scope["method"] == "GET" else None
        status, sent = (404, b"") if body is None else (200, body)
        headers = [(b"content-length", str(len(sent)).encode()), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": sent})
        if body is not None:
            on_asked(scope["client"][0] if scope.get("client") else "", scope["path"])

    return answer
