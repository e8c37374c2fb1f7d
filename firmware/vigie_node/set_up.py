"""What a node does that is not told yet what it is: a network of its own with a page on it, then the enrolment.

Started by ``main`` where ``node.json`` is missing or wrong. The page takes the Wi-Fi, the code of ``vigie-gateway node
add`` and what hangs on the pins. They are kept in ``wanted.json`` and the node starts again: a Pico cannot serve one
network and join another. It then joins, enrols, writes ``node.json`` and starts as a node; where that fails, the page
is back and says why, with what was typed but the password.
"""

import json
import os
import socket

from vigie_node.boards.board import Board
from vigie_node.config import Config, ConfigError
from vigie_node.enrolment import Enrolment, EnrolmentError, parse
from vigie_node.files import replace

TYPE_CHECKING = False
if TYPE_CHECKING:  # MicroPython has neither, and reads no annotation
    from typing import Any

MOST_ASKED_BYTES = 4_096
"""Of a request: a form of ours has 500. Higher fills the RAM."""
UPDATE_PORT = 8885
"""Where ``vigie-gateway node update`` offers newer versions."""
JOIN_MS = 30_000
"""For the Wi-Fi to be joined. Lower gives up on a slow access point; higher keeps the person waiting at the page."""
PATIENCE_S = 5
"""For one request. Higher lets a phone that connects and says nothing hold the page up, and the watchdog bite."""

_PINS = {
    "door": ("outer", "inner"),
    "motion": ("pin",),
    "clicker": ("plus", "minus"),
    "mains": ("pin",),
    "clamp": ("adc",),
    "air": ("sda", "scl"),
}
_WORDS = (
    ("", "—"),
    ("door", "Porte, deux faisceaux / Door, two beams"),
    ("motion", "Présence / Motion"),
    ("clicker", "Compteur à boutons / Clicker"),
    ("mains", "Secteur / Mains"),
    ("clamp", "Pince / Clamp"),
    ("air", "Air : CO2, température, humidité / Air: CO2, temperature, humidity"),
)
_FIELDS = (
    ("ssid", "text", "Wi-Fi"),
    ("wifi_password", "password", "Mot de passe du Wi-Fi / Wi-Fi password"),
    ("code", "text", "Code (vigie-gateway node add)"),
)
_SENSOR_FIELDS = (
    ("id", "text", "Identifiant / Id (a-z, 0-9, -)"),
    ("room", "text", "Salle / Room (id)"),
    ("pin_1", "number", "Broche 1 / Pin 1 (outer, plus, pin, adc, sda)"),
    ("pin_2", "number", "Broche 2 / Pin 2 (inner, minus, scl)"),
)


def form_of(body: str) -> dict[str, str]:
    """What a form holds: ``application/x-www-form-urlencoded``."""
    found = {}
    for pair in body.split("&"):
        key, _, value = pair.partition("=")
        found[key] = _decoded(value)
    return found


def _decoded(text: str) -> str:
    parts = text.replace("+", " ").split("%")
    raw = parts[0].encode()
    for part in parts[1:]:
        try:
            raw += bytes((int(part[:2], 16),)) + part[2:].encode()
        except ValueError:
            raw += b"%" + part.encode()
    try:
        return raw.decode()
    except UnicodeError:
        return ""


def escaped(text: str) -> str:
    """As a page may hold it, also within quotes."""
    for sign, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;")):
        text = text.replace(sign, name)
    return text


def wanted_of(form: dict[str, str]) -> dict[str, object]:
    """``wanted.json``: what the form asks for.

    Raises:
        EnrolmentError, ConfigError: A field is wrong; one sentence for the person.
    """
    parse(form.get("code", ""))
    if not form.get("ssid"):
        raise ConfigError("Wi-Fi: the name of the network is missing.")
    wifi = [{"ssid": form["ssid"], "password": form.get("wifi_password", "")}]
    sensors: list[dict[str, object]] = []
    kind = form.get("kind", "")
    if kind:
        if kind not in _PINS:
            raise ConfigError("No such sensor: " + kind[:20] + ".")
        sensor: dict[str, object] = {"kind": kind, "id": form.get("id", "")}
        if form.get("room"):
            sensor["room"] = form["room"]
        for index, pin in enumerate(_PINS[kind]):
            number = form.get("pin_" + str(index + 1), "")
            if not number.isdigit():
                raise ConfigError("Pin " + str(index + 1) + " is missing: a whole number.")
            sensor[pin] = int(number)
        sensors.append(sensor)
    # Checked as the node will read it, with what the gateway will add.
    sample = {"site": "s", "node": "n", "password": "p", "brokers": [{"host": "h", "port": 1}], "gateways": ["g"]}
    sample.update({"wifi": wifi, "sensors": sensors})
    Config(json.dumps(sample))
    return {"code": form["code"], "wifi": wifi, "sensors": sensors}


def page(form: dict[str, str], trouble: str) -> str:
    """The form, in French and English, without a script: 2 kB."""
    rows = [_input(one, form) for one in _FIELDS]
    options = [
        '<option value="' + kind + '"' + (" selected" if form.get("kind") == kind else "") + ">" + words + "</option>"
        for kind, words in _WORDS
    ]
    rows.append('<p><label>Capteur / Sensor<br><select name="kind">' + "".join(options) + "</select></label>")
    rows += [_input(one, form) for one in _SENSOR_FIELDS]
    said = '<p role="alert"><b>' + escaped(trouble) + "</b>" if trouble else ""
    return (
        '<!doctype html><html lang="fr"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<title>Vigie</title><h1>Vigie</h1>" + said + '<form method="post" action="/">' + "".join(rows) + "<p><button>"
        "Enregistrer / Save</button></form></html>"
    )


def _input(field: tuple[str, str, str], form: dict[str, str]) -> str:
    name, kind, words = field
    typed = "" if kind == "password" else escaped(form.get(name, ""))
    return "<p><label>" + words + '<br><input name="' + name + '" type="' + kind + '" value="' + typed + '"></label>'


SAVED = (
    '<!doctype html><html lang="fr"><meta charset="utf-8"><title>Vigie</title><p>Enregistré : ce réseau disparaît, le '
    "terminal de la passerelle dit la suite.<p>Saved: this network goes away; the gateway's terminal says what follows."
    "</html>"
)


class Page:
    """The page, asked by one phone at a time.

    Attributes:
        wanted: What was typed, once it is right.
    """

    def __init__(self, typed: dict[str, str], trouble: str) -> None:
        """Begin with what was typed before, and why it led to nothing; empty at first."""
        self.wanted: "dict[str, object] | None" = None
        self._typed, self._trouble = typed, trouble

    def answer(self, request: bytes) -> bytes:
        """The whole answer to a whole request. Whatever is asked for gets the page: phones ask for their maker's."""
        head, _, body = request.partition(b"\r\n\r\n")
        if head[:5] != b"POST ":
            return _response("200 OK", page(self._typed, self._trouble))
        try:
            self._typed = form_of(body.decode())
            self.wanted = wanted_of(self._typed)
        except (EnrolmentError, ConfigError, UnicodeError) as error:
            self._trouble = str(error)
            return _response("422 Unprocessable Content", page(self._typed, self._trouble))
        return _response("200 OK", SAVED)


def _response(status: str, text: str) -> bytes:
    raw = text.encode()
    head = "HTTP/1.1 " + status + "\r\ncontent-type: text/html; charset=utf-8\r\ncontent-length: " + str(len(raw))
    return (head + "\r\ncache-control: no-store\r\nconnection: close\r\n\r\n").encode() + raw


def serve_one(listener: socket.socket, shown: Page) -> None:
    """Answer one phone, or give it up."""
    sock, _ = listener.accept()
    try:
        sock.settimeout(PATIENCE_S)
        request = b""
        while not _is_whole(request):
            piece = sock.recv(1_024)
            if not piece or len(request) > MOST_ASKED_BYTES:
                return
            request += piece
        left = shown.answer(request)
        while left:
            left = left[sock.send(left) :]
    except OSError:
        pass  # it went away
    finally:
        sock.close()


def _is_whole(request: bytes) -> bool:
    at = request.find(b"\r\n\r\n")
    if at < 0:
        return False
    for line in request[:at].lower().split(b"\r\n"):
        if line[:15] == b"content-length:":
            return line[15:].strip().isdigit() and len(request) - at - 4 >= int(line[15:])
    return True


def name_answer(question: bytes, address: str) -> bytes:
    """The answer to a question for any name: this node (RFC 1035), so that a phone finds it; empty: no question."""
    if len(question) < 17 or question[2] & 0x80:
        return b""
    end = 12
    while end < len(question) and question[end]:
        end += question[end] + 1
    end += 5
    if end > len(question):
        return b""
    head = question[:2] + b"\x84\x00\x00\x01\x00\x01\x00\x00\x00\x00"
    record = b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x0a\x00\x04" + bytes([int(part) for part in address.split(".")])
    return head + question[12:end] + record


def serve(board: Board, trouble: str) -> None:
    """Enrol what is wanted, or show the page until something is; then start again."""
    path = board.folder + "/wanted.json"
    wanted = _wanted(path)
    if wanted is not None:
        why_not = enrol(board, wanted)
        trouble = why_not or trouble
        if not why_not:
            os.remove(path)
            board.restart()
            return
    _show(board, Page(_typed(wanted), trouble), path)
    board.restart()


def enrol(board: Board, wanted: "dict[str, Any]") -> str:
    """Join, show the code, and write ``node.json``; why it came to nothing, or an empty text."""
    wifi = wanted["wifi"][0]
    board.join(wifi["ssid"], wifi["password"])
    end_ms = board.now_ms() + JOIN_MS
    while not board.is_joined():
        if board.now_ms() >= end_ms:
            return "The Wi-Fi " + str(wifi["ssid"]) + " could not be joined: its name or password is another."
        board.sleep_ms(100)
    try:
        enrolment = Enrolment(str(wanted["code"]))
        enrolment.check()
        found = enrolment.take()
        found["wifi"], found["sensors"] = wanted["wifi"], wanted["sensors"]
        found["update"] = {"host": enrolment.host, "port": UPDATE_PORT}
        # Before node.json, so that the node that it makes tells whether it is heard.
        replace(board.folder + "/enrolled", str(wanted["code"]).encode())
        replace(board.folder + "/node.json", json.dumps(found).encode())
    except EnrolmentError as error:
        return str(error)
    return ""


def _wanted(path: str) -> "dict[str, object] | None":
    try:
        with open(path) as file:
            found = json.loads(file.read())
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) and "code" in found and found.get("wifi") else None


def _typed(wanted: "dict[str, Any] | None") -> dict[str, str]:
    if wanted is None:
        return {}
    return {"code": str(wanted["code"]), "ssid": str(wanted["wifi"][0]["ssid"])}


def _show(board: Board, shown: Page, path: str) -> None:
    address = board.open_access_point()
    pages, names = socket.socket(), socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    pages.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    pages.bind(socket.getaddrinfo(address, 80)[0][-1])
    pages.listen(2)
    names.bind(socket.getaddrinfo(address, 53)[0][-1])
    pages.settimeout(0.1)
    names.settimeout(0)
    while shown.wanted is None:
        board.feed()
        try:
            question, sender = names.recvfrom(512)
            names.sendto(name_answer(question, address), sender)
        except OSError:
            pass  # nobody asks
        try:
            serve_one(pages, shown)
        except OSError:
            pass  # nobody comes
    pages.close()
    names.close()
    replace(path, json.dumps(shown.wanted).encode())
