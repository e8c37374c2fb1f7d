"""The protocol as a state machine: whatever a network drops, doubles or reorders, and whoever dies, nothing is lost.

Two nodes and two gateways run the real code (``protocol_world``) while hypothesis chooses what happens to them. After
each step the promises of docs/protocol.md are looked at; in the end the faults stop, and everything must arrive.

Four mutants, each a mistake that would be easy to make, prove that the model would find it.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from tests.end_to_end.protocol_world import GATEWAYS, GatewayHere, NodeHere, World
from tests.gateway.conftest import SAMPLE_SITE

from vigie_contract import topics
from vigie_contract.messages import Ack, encode_ack
from vigie_gateway.ingest import pipeline as pipeline_module
from vigie_gateway.ingest.bus import Message
from vigie_gateway.ingest.journals import Decision, decide
from vigie_gateway.ingest.pipeline import Pipeline
from vigie_gateway.place.site import load_site
from vigie_sensors import lane as lane_module
from vigie_sensors import publisher as publisher_module
from vigie_sensors.journal import Journal

SITE = load_site(SAMPLE_SITE)
IN_MEMORY = next((folder for folder in ("/dev/shm",) if Path(folder).is_dir()), None)  # noqa: S108 - mkdtemp is below
"""Where the journals' files are: a model that waits for a disk at each commit tries less."""

nodes = st.sampled_from(["hall", "hall", "hall", "attic"])
gateways = st.sampled_from(GATEWAYS)


class Protocol(RuleBasedStateMachine):
    """What can happen, and what must hold."""

    journal_type: type[Journal] = Journal

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(prefix="vigie-model-", dir=IN_MEMORY)
        self.world = World(Path(self._folder.name), SITE, self.journal_type)
        self.restored: set[tuple[str, str, int, int]] = set()
        self.world.deliver_all()

    def teardown(self) -> None:
        """The faults stop: what is held arrives everywhere, and is let go."""
        try:
            self._everything_arrives()
        finally:
            self.world.close()
            self._folder.cleanup()

    @rule(node=nodes, count=st.integers(1, 4))
    def take(self, node: str, count: int) -> None:
        self.world.nodes[node].take(count)

    @rule()
    def deliver_all(self) -> None:
        self.world.deliver_all()

    @precondition(lambda self: self.world.letters)
    @rule(place=st.integers(0, 30), fate=st.sampled_from(["deliver", "deliver", "drop", "double"]))
    def deliver_one_out_of_turn(self, place: int, fate: str) -> None:
        letter = self.world.letters.pop(place % len(self.world.letters))
        if fate == "double":
            self.world.letters.append(letter)
        if fate != "drop":
            self.world.deliver(letter)

    @rule(gateway=gateways)
    def commit(self, gateway: str) -> None:
        self.world.gateways[gateway].turn(is_commit_asked=True)

    @rule(seconds=st.sampled_from([0.6, 2.5, 13.0, 31.0]))
    def pass_time(self, seconds: float) -> None:
        self.world.pass_time(seconds)

    @rule(node=nodes, count=st.integers(1, 4))
    def go_on_undisturbed(self, node: str, count: int) -> None:
        """Else a journal would hardly ever be rid of anything before the next mishap."""
        self.take(node, count)
        for _ in range(2):
            self.world.deliver_all()
            for gateway in GATEWAYS:
                self.commit(gateway)
        self.world.deliver_all()

    @rule(gateway=gateways)
    def kill_or_start_a_gateway(self, gateway: str) -> None:
        if self.world.gateways[gateway].pipeline is None:
            self.world.gateways[gateway].start()
        else:
            self.world.gateways[gateway].kill()

    @rule(node=nodes, mishap=st.sampled_from(["kill", "kill", "cut_power", "evict", "evict", "change_card"]))
    def strike_a_node(self, node: str, mishap: str) -> None:
        found = self.world.nodes[node]
        if mishap == "evict":
            found.evict(2)
        else:
            getattr(found, mishap)()

    @rule()
    def restart_the_broker(self) -> None:
        self.world.restart_broker()

    @rule(gateway=gateways)
    def back_up(self, gateway: str) -> None:
        self.world.gateways[gateway].backup = self.world.gateways[gateway].disk.copy()

    @rule(gateway=gateways)
    def restore_a_backup(self, gateway: str) -> None:
        """What it had since then, and what the nodes have let go, it can never get again: an explicit gap."""
        found = self.world.gateways[gateway]
        for node in self.world.nodes.values():
            kept, had = found.backup.values(node.name), found.disk.values(node.name)
            self.restored |= {
                (gateway, node.name, *key) for key, value in node.taken.items() if had[value] and not kept[value]
            }
        found.kill()
        found.disk = found.backup.copy()
        found.start()

    @invariant()
    def promises_hold(self) -> None:
        for node in self.world.nodes.values():
            self._the_journal_holds_what_is_not_freed(node)
            for gateway in self.world.gateways.values():
                self._stored_once_and_without_a_hole(node, gateway)

    def _the_journal_holds_what_is_not_freed(self, node: NodeHere) -> None:
        held, journal = node.held(), node.journal
        assert list(held) == list(range(journal.floor, journal.last + 1)), f"{node.name}: the journal has a hole"
        for number, value in node.here():
            if number >= journal.floor:
                assert held[number] == value, f"{node.name}: number {number} is {held[number]}, {value} was taken"
                continue
            for gateway in self.world.gateways.values():
                is_excused = self._is_excused(gateway, node, node.card, number)
                is_stored = gateway.disk.values(node.name)[value]
                assert is_stored or is_excused, f"{node.name}: {number} was freed and is not on {gateway.name}'s disk"

    def _stored_once_and_without_a_hole(self, node: NodeHere, gateway: GatewayHere) -> None:
        disk = gateway.disk
        stored = disk.values(node.name)
        twice = [value for value, count in stored.items() if value is not None and count > 1]
        assert not twice, f"{gateway.name} stored {twice} twice"
        for (card, number), value in node.taken.items():
            journal = node.journal_ids[card]
            is_written_off = any(
                gap.node == node.name and gap.journal == journal and gap.first <= number <= gap.last
                for gap in disk.written_off
            )
            is_excused = self._is_excused(gateway, node, card, number)
            if number <= disk.stored_upto.get((node.name, journal), 0):
                assert stored[value] or is_written_off, f"{gateway.name} passed over {number} of {node.name} in silence"
            assert not is_written_off or is_excused, f"{gateway.name} wrote off {number} of {node.name}, which is held"

    def _is_excused(self, gateway: GatewayHere, node: NodeHere, card: int, number: int) -> bool:
        return (card, number) in node.let_go or (gateway.name, node.name, card, number) in self.restored

    def _everything_arrives(self) -> None:
        for gateway in self.world.gateways.values():
            if gateway.pipeline is None:
                gateway.start()
        for _ in range(40):
            if not self.world.letters and all(node.journal.floor > node.journal.last for node in self._nodes()):
                break
            self.world.pass_time(6.0)
            self.world.deliver_all()
        for node in self._nodes():
            assert node.journal.floor == node.journal.last + 1, f"{node.name} is not rid of what it holds"
        self.promises_hold()

    def _nodes(self) -> list[NodeHere]:
        return list(self.world.nodes.values())


@pytest.fixture(autouse=True)
def _windows_are_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few readings already make several packs, a full window, and a commit's worth in flight."""
    monkeypatch.setattr(lane_module, "MAX_RECORDS", 3)
    monkeypatch.setattr(publisher_module, "MAX_RECORDS", 3)
    monkeypatch.setattr(lane_module, "WINDOW_READINGS", 9)
    monkeypatch.setattr(lane_module, "COMMIT_READINGS", 6)
    monkeypatch.setattr("vigie_sensors.journal.RESERVE_READINGS", 8)


def explore(machine: type[Protocol], examples: int) -> None:
    """Let hypothesis look for steps that break a promise; the same ones each time."""
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=40,
            database=None,
            derandomize=True,
            print_blob=False,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_whatever_happens_nothing_is_lost_doubled_or_passed_over_and_in_the_end_all_arrives() -> None:
    explore(Protocol, 50)


class FreesOnOneWord(Journal):
    """Takes one gateway's acknowledgement for everybody's."""

    def acknowledge(self, gateway: str, journal: str, upto: int) -> bool:
        for each in GATEWAYS:
            is_ours = super().acknowledge(each, journal, upto)
        return is_ours


class HasNoId(Journal):
    """Every card's journal has the same id."""

    def __init__(self, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)  # type: ignore[arg-type] # as they are given
        self.id = "journal"


def acknowledge_before_commit(monkeypatch: pytest.MonkeyPatch) -> type[Protocol]:
    """The gateway says that it has what it holds in memory."""
    take_pack = Pipeline._take_pack

    def take_and_acknowledge(self: Pipeline, node_id: str, message: Message) -> bool:
        changed = take_pack(self, node_id, message)
        for journal, upto in self.nodes[node_id].accepted.items():
            self._bus.publish(topics.ack(self._site, node_id, self._name), encode_ack(Ack(journal, upto)))
        return changed

    monkeypatch.setattr(Pipeline, "_take_pack", take_and_acknowledge)
    return Protocol


def accept_behind_a_hole(monkeypatch: pytest.MonkeyPatch) -> type[Protocol]:
    """The gateway stores what it gets, next in line or not."""

    def decide_at_once(stored: int | None, first: int, count: int, floor: int) -> Decision:
        decision = decide(stored, first, count, floor)
        return decision._replace(is_hole=False)

    monkeypatch.setattr(pipeline_module, "decide", decide_at_once)
    return Protocol


def free_on_one_gateways_word(_: pytest.MonkeyPatch) -> type[Protocol]:
    """The node frees what either gateway has."""
    return type("Protocol", (Protocol,), {"journal_type": FreesOnOneWord})


def no_journal_id(_: pytest.MonkeyPatch) -> type[Protocol]:
    """A new card's numbers begin at 1, and nothing tells them from the old card's."""
    return type("Protocol", (Protocol,), {"journal_type": HasNoId})


@pytest.mark.parametrize(
    ("mutate", "found"),
    [
        (acknowledge_before_commit, "was freed and is not on"),
        (accept_behind_a_hole, "was freed and is not on|passed over"),
        (free_on_one_gateways_word, "was freed and is not on"),
        (no_journal_id, "passed over|is not rid of what it holds"),
    ],
)
def test_a_mistake_in_the_protocol_is_found(
    mutate: Callable[[pytest.MonkeyPatch], type[Protocol]], found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine = mutate(monkeypatch)
    with pytest.raises(AssertionError, match=found):
        explore(machine, 300)
