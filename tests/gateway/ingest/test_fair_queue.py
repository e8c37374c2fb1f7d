"""The queue of devices of others: who says much waits behind itself."""

from __future__ import annotations

import threading
import time
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from vigie_gateway.ingest.device_bus import device_of
from vigie_gateway.ingest.fair_queue import FairQueue


def all_of(queue: FairQueue[tuple[str, int]]) -> list[tuple[str, int]]:
    found = []
    while (item := queue.get(0)) is not None:
        found.append(item)
    return found


def test_lines_take_turns_and_each_keeps_its_order() -> None:
    queue: FairQueue[tuple[str, int]] = FairQueue(100, 50)
    for number in range(3):
        queue.put("loud", ("loud", number))
    queue.put("quiet", ("quiet", 0))
    assert all_of(queue) == [("loud", 0), ("quiet", 0), ("loud", 1), ("loud", 2)]


def test_one_source_may_not_wait_without_end() -> None:
    queue: FairQueue[tuple[str, int]] = FairQueue(100, 2)
    assert [queue.put("a", ("a", number)) for number in range(3)] == [None, None, ("a", 2)]
    assert queue.put("b", ("b", 0)) is None


def test_when_all_is_full_the_longest_line_loses_its_newest() -> None:
    queue: FairQueue[tuple[str, int]] = FairQueue(10, 10)
    for number in range(9):
        queue.put("loud", ("loud", number))
    queue.put("other", ("other", 0))
    assert queue.put("quiet", ("quiet", 0)) == ("loud", 8)
    assert queue.put("loud", ("loud", 9)) == ("loud", 9)
    assert len(queue) == 10


@given(
    st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans()), max_size=120), st.integers(1, 12), st.integers(1, 8)
)
def test_nothing_is_lost_unsaid_and_whoever_keeps_to_a_fair_share_loses_nothing(
    steps: list[tuple[str, bool]], limit: int, most: int
) -> None:
    queue: FairQueue[tuple[str, int]] = FairQueue(limit, most)
    waiting: Counter[str] = Counter()
    given_in, out, lost = 0, [], []
    for number, (source, is_put) in enumerate(steps):
        if is_put:
            given_in += 1
            before = waiting.copy()
            gone = queue.put(source, (source, number))
            waiting[source] += 1
            if gone is not None:
                lost.append(gone)
                waiting[gone[0]] -= 1
                # Who loses has as much waiting as anybody, or more than one source may have.
                assert before[gone[0]] >= most or before[gone[0]] + (gone[0] == source) >= max(before.values())
        else:
            item = queue.get(0)
            assert (item is None) == (not +waiting)
            if item is not None:
                out.append(item)
                waiting[item[0]] -= 1
        assert len(queue) == sum(waiting.values()) <= limit
    out += all_of(queue)
    assert len(out) + len(lost) == given_in == len({*out, *lost})
    for source in "abcdef":
        numbers = [number for name, number in out if name == source]
        assert numbers == sorted(numbers)


def test_whoever_waits_is_woken() -> None:
    queue: FairQueue[int] = FairQueue(1, 1)
    got: list[int | None] = []
    waiter = threading.Thread(target=lambda: got.append(queue.get(60)))
    waiter.start()
    while not queue._changed._waiters:  # type: ignore[attr-defined] # that it waits already can be seen nowhere else
        time.sleep(0.001)
    queue.wake()
    waiter.join(5)
    assert got == [None]


def test_devices_are_told_apart_by_the_levels_that_are_their_own() -> None:
    told = {
        topic: device_of(topic) for topic in ("tele/p1/SENSOR", "shellies/s/relay/0", "kitchen/sensor/t/state", "x")
    }
    assert list(told.values()) == ["tele/p1", "shellies/s", "kitchen", "x"]
    assert device_of("homeassistant/sensor/a/config") != device_of("homeassistant/sensor/b/config")
