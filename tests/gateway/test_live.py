"""The live hub: full state first, then only what changed, and a slow viewer costs nobody else."""

from __future__ import annotations

import asyncio
import json
import tracemalloc
from collections.abc import AsyncIterator, Callable

import pytest

from vigie_gateway import live as live_module
from vigie_gateway.live import Live, TooManyViewersError


class Words:
    """The board's fields, as a test sets them."""

    def __init__(self) -> None:
        self.fields = {"seats": "20", "clock": "14 h 32"}
        self.asked: list[str] = []

    def __call__(self, lang: str) -> dict[str, str]:
        self.asked.append(lang)
        return dict(self.fields)


async def _next(stream: AsyncIterator[bytes]) -> str:
    async with asyncio.timeout(10):
        return (await anext(stream)).decode()


def _data(frame: str, event: str) -> dict[str, object]:
    lines = frame.splitlines()
    start = lines.index(f"event: {event}")
    found = json.loads(lines[start + 1].removeprefix("data: "))
    assert isinstance(found, dict)
    return found


def _with_hub(check: Callable[[Live, Words], object]) -> None:
    async def main() -> None:
        words = Words()
        hub = Live(words, lambda: 1000.0)
        task = asyncio.create_task(hub.run())
        await asyncio.sleep(0)
        try:
            result = check(hub, words)
            assert asyncio.iscoroutine(result)
            await result
        finally:
            task.cancel()

    asyncio.run(main())


def test_a_new_viewer_gets_the_retry_every_field_and_a_beat() -> None:
    async def check(hub: Live, words: Words) -> None:
        frame = await _next(hub.open("fr"))
        assert frame.startswith("retry: 2000\n\n")
        assert _data(frame, "state")["fields"] == words.fields
        assert _data(frame, "b") == {"now": 1000.0}

    _with_hub(check)


def test_after_a_change_only_the_fields_that_changed_are_sent() -> None:
    async def check(hub: Live, words: Words) -> None:
        stream = hub.open("fr")
        await _next(stream)
        words.fields["seats"] = "19"
        hub.poke()
        assert _data(await _next(stream), "u") == {"seats": "19"}

    _with_hub(check)


def test_a_field_that_disappears_is_emptied() -> None:
    async def check(hub: Live, words: Words) -> None:
        stream = hub.open("fr")
        await _next(stream)
        del words.fields["seats"]
        hub.poke()
        assert _data(await _next(stream), "u") == {"seats": ""}

    _with_hub(check)


def test_a_change_without_any_poke_is_told_within_the_aging_interval() -> None:
    async def check(hub: Live, words: Words) -> None:
        stream = hub.open("fr")
        await _next(stream)
        words.fields["clock"] = "14 h 33"
        assert _data(await _next(stream), "u") == {"clock": "14 h 33"}

    _with_hub(check)


def test_a_frame_is_written_once_per_language_whatever_the_number_of_viewers() -> None:
    async def check(hub: Live, words: Words) -> None:
        streams = [hub.open("fr") for _ in range(50)]
        for stream in streams:
            await _next(stream)
        words.asked.clear()
        words.fields["seats"] = "1"
        hub.poke()
        for stream in streams:
            assert "19" not in await _next(stream)
        assert words.asked == ["fr"]

    _with_hub(check)


def test_a_viewer_that_does_not_read_is_dropped_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "FRAME_INTERVAL_S", 0.0)

    async def check(hub: Live, words: Words) -> None:
        slow, quick = hub.open("fr"), hub.open("fr")
        await _next(slow)
        await _next(quick)
        for count in range(live_module.VIEWER_QUEUE + 2):
            words.fields["seats"] = str(100 + count)
            hub.poke()
            assert _data(await _next(quick), "u") == {"seats": str(100 + count)}
        assert hub.dropped == 1
        with pytest.raises(StopAsyncIteration):
            await _next(slow)
        assert hub.viewers() == 1

    _with_hub(check)


def test_two_hundred_viewers_that_do_not_read_are_let_go_within_a_bounded_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live_module, "FRAME_INTERVAL_S", 0.0)

    async def check(hub: Live, words: Words) -> None:
        words.fields = {f"field-{number}": "x" * 100 for number in range(200)}
        tracemalloc.start()
        slow = [hub.open("fr") for _ in range(200)]
        for stream in slow:
            await _next(stream)
        quick = hub.open("fr")
        await _next(quick)
        for count in range(50):
            words.fields = dict.fromkeys(words.fields, f"{count:0100}")
            hub.poke()
            assert len(_data(await _next(quick), "u")) == 200
        _, most_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert (hub.viewers(), hub.dropped) == (1, 200)
        assert most_bytes < 30_000_000

    _with_hub(check)


def test_a_viewer_that_was_cut_off_gets_everything_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever ``Last-Event-ID`` it names: the full state is small, and no frame need be kept for it."""

    async def check(hub: Live, words: Words) -> None:
        first = hub.open("fr")
        await _next(first)
        await first.aclose()  # type: ignore[attr-defined] # an async generator
        words.fields["seats"] = "3"
        assert _data(await _next(hub.open("fr")), "state")["fields"] == words.fields

    _with_hub(check)


def test_closing_ends_every_stream() -> None:
    async def check(hub: Live, words: Words) -> None:
        stream = hub.open("en")
        await _next(stream)
        hub.close()
        with pytest.raises(StopAsyncIteration):
            await _next(stream)
        assert hub.viewers() == 0

    _with_hub(check)


def test_more_viewers_than_the_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_module, "MAX_VIEWERS", 2)

    async def check(hub: Live, words: Words) -> None:
        hub.open("fr")
        hub.open("en")
        with pytest.raises(TooManyViewersError):
            hub.open("fr")

    _with_hub(check)


def test_a_board_that_cannot_be_written_ends_no_stream() -> None:
    async def check(hub: Live, words: Words) -> None:
        stream = hub.open("fr")
        await _next(stream)
        good = words.fields
        words.fields = None  # type: ignore[assignment] # what a bug would do
        hub.poke()
        await asyncio.sleep(0.2)
        words.fields = good | {"seats": "7"}
        hub.poke()
        assert _data(await _next(stream), "u") == {"seats": "7"}

    _with_hub(check)


def test_a_reader_who_may_no_more_is_cut_off_when_checked_and_others_read_on() -> None:
    async def check(hub: Live, words: Words) -> None:
        answers = iter([True, False])
        stream, other = hub.open("fr", lambda: next(answers)), hub.open("fr")
        await _next(stream)
        await _next(other)
        await hub.check_viewers()
        hub._send_beat()
        assert "event: b" in await _next(stream)
        await hub.check_viewers()
        hub._send_beat()
        with pytest.raises(StopAsyncIteration):
            await _next(stream)
        assert "event: b" in await _next(other)
        assert hub.viewers() == 1

    _with_hub(check)
