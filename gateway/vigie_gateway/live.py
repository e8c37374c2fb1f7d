"""Telling browsers: one stream of server-sent events, formatted once per language, whatever the number of viewers.

The ingest thread calls ``poke`` when something shown may have changed; everything else here runs on the event loop.
A frame holds the fields whose text changed since the one before (``u``); who connects gets all of them (``state``); a
beat every five seconds (``b``) tells that the gateway lives, so that a page can tell "nothing new" from "cut off".
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable

log = logging.getLogger(__name__)

FRAME_INTERVAL_S = 0.05
"""Least time between two frames. Lower sends pages more than an eye can see and costs a Pi its processor under load;
higher is felt as lag."""
BEAT_INTERVAL_S = 5.0
"""Pages call themselves late after 12 s without a beat: two may be lost. Lower costs phones their battery."""
AGING_INTERVAL_S = 1.0
"""How often ages and clocks are looked at without any reading. Higher shows "14 h 32" late."""
VIEWER_QUEUE = 8
"""Frames that a slow viewer may lag behind. Lower drops phones in a lift; higher keeps more memory for each of them.
One that lags further is dropped, connects again and gets the full state."""
MAX_VIEWERS = 2_000
"""Streams served at once: each takes about 20 kB. Lower refuses a large place; higher lets anybody take the memory."""
RETRY_MS = 2_000
"""How long browsers wait before they connect again."""


class TooManyViewersError(Exception):
    """MAX_VIEWERS streams are open already."""


class _Language:
    """The fields last sent in one language, and who reads them: each with the question whether it still may."""

    def __init__(self) -> None:
        self.fields: dict[str, str] = {}
        self.viewers: dict[asyncio.Queue[bytes | None], Callable[[], bool]] = {}


class Live:
    """The hub between the board and the open streams.

    Args:
        fields: Gives every live field of the board in a language, as text (called on the event loop).
        now_ts: The clock's wall time, for the beat.

    Attributes:
        dropped: How many streams were too slow and ended.
        followers: Called on the event loop whenever a page may have changed, and each AGING_INTERVAL_S; must be cheap.
    """

    def __init__(self, fields: Callable[[str], dict[str, str]], now_ts: Callable[[], float]) -> None:
        self._fields = fields
        self._now_ts = now_ts
        self._languages: dict[str, _Language] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._poked = asyncio.Event()
        self._is_poked = False
        self._sequence = 0
        self._is_closed = False
        self.dropped = 0
        self.followers: list[Callable[[], None]] = []

    def poke(self) -> None:
        """Something shown may have changed. From any thread; cheap, and cheaper when a frame is due already."""
        if self._is_poked or self._loop is None:
            return
        self._is_poked = True
        self._loop.call_soon_threadsafe(self._poked.set)

    def viewers(self) -> int:
        """How many streams are open."""
        return sum(len(language.viewers) for language in self._languages.values())

    def close(self) -> None:
        """End every stream, now and later; from any thread or a signal handler."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._close)

    def _close(self) -> None:
        self._is_closed = True
        for language in self._languages.values():
            for viewer in language.viewers:
                self._end(viewer)

    async def run(self) -> None:
        """Send frames and beats until cancelled; started with the server."""
        self._loop = asyncio.get_running_loop()
        beat_at = self._loop.time() + BEAT_INTERVAL_S
        while True:
            try:
                async with asyncio.timeout(AGING_INTERVAL_S):
                    await self._poked.wait()
            except TimeoutError:
                pass
            self._poked.clear()
            self._is_poked = False
            for poke in self.followers:
                poke()
            self._send_frames()
            if self._loop.time() >= beat_at:
                beat_at = self._loop.time() + BEAT_INTERVAL_S
                self._send_beat()
            await asyncio.sleep(FRAME_INTERVAL_S)

    def _send_frames(self) -> None:
        for lang, language in self._languages.items():
            if not language.viewers:
                continue
            try:
                fields = self._fields(lang)
            except Exception:  # one wrong value must not end the stream of everybody: it is logged and told again
                log.exception("the board could not be written in %s", lang)
                continue
            before = language.fields
            changed = {key: text for key, text in fields.items() if before.get(key) != text}
            # A field that is gone has nothing to show: a page that still has its place shows nothing there.
            changed.update(dict.fromkeys(before.keys() - fields.keys(), ""))
            if changed:
                language.fields = fields
                self._sequence += 1
                self._send(language, _event("u", changed, self._sequence))

    def _send_beat(self) -> None:
        beat = _event("b", {"now": round(self._now_ts(), 3)}, None)
        for language in self._languages.values():
            self._send(language, beat)

    def _send(self, language: _Language, frame: bytes) -> None:
        for viewer in list(language.viewers):
            try:
                viewer.put_nowait(frame)
            except asyncio.QueueFull:
                self.dropped += 1
                language.viewers.pop(viewer, None)
                self._end(viewer)

    async def check_viewers(self) -> None:
        """End the streams of those who may no longer read. What is asked may wait for a file, so a thread asks."""
        viewers = [pair for language in self._languages.values() for pair in language.viewers.items()]
        gone = await asyncio.to_thread(lambda: [viewer for viewer, stays in viewers if not stays()])
        for viewer in gone:
            for language in self._languages.values():
                language.viewers.pop(viewer, None)
            self._end(viewer)

    def _end(self, viewer: asyncio.Queue[bytes | None]) -> None:
        while not viewer.empty():
            viewer.get_nowait()
        viewer.put_nowait(None)

    def open(self, lang: str, stays: Callable[[], bool] = lambda: True) -> AsyncIterator[bytes]:
        """A new stream.

        Args:
            lang: Of its texts.
            stays: Asked by ``check_viewers`` whether its reader may go on; from any thread.

        Raises:
            TooManyViewersError: MAX_VIEWERS are open.
        """
        if self.viewers() >= MAX_VIEWERS:
            raise TooManyViewersError
        language = self._languages.setdefault(lang, _Language())
        viewer: asyncio.Queue[bytes | None] = asyncio.Queue(VIEWER_QUEUE)
        if not language.viewers:
            language.fields = self._fields(lang)
        # Registered before the first byte leaves, so that no frame can fall between the state and the first delta.
        language.viewers[viewer] = stays
        if self._is_closed:
            self._end(viewer)
        beat = _event("b", {"now": round(self._now_ts(), 3)}, None)
        state = _event("state", {"seq": self._sequence, "fields": language.fields}, self._sequence)
        return self._stream(language, viewer, b"retry: %d\n\n" % RETRY_MS + state + beat)

    @staticmethod
    async def _stream(language: _Language, viewer: asyncio.Queue[bytes | None], first: bytes) -> AsyncIterator[bytes]:
        try:
            yield first
            del first  # as long as all that a slow reader may keep waiting
            while (frame := await viewer.get()) is not None:
                yield frame
        finally:
            language.viewers.pop(viewer, None)


def _event(name: str, data: object, sequence: int | None) -> bytes:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    number = "" if sequence is None else f"id: {sequence}\n"
    return f"{number}event: {name}\ndata: {text}\n\n".encode()
