"""``sensors.toml``: every problem at once, each with file, line, key, value and expectation."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vigie_contract.messages import Channel
from vigie_sensors.config import ConfigError, MirrorConfig, SensorsConfig, load_config
from vigie_sensors.driver import REQUIRED, Context, Driver, DriverError, DriverSpec, Option, SensorConfig
from vigie_sensors.registry import Registry


def _open(config: SensorConfig, context: Context) -> Driver:
    raise DriverError("there is none")


def _spec(name: str, kind: str) -> DriverSpec:
    options = (
        Option("pin", "int", "BCM number", REQUIRED, low=2, high=27),
        Option("ratio", "float", "Turns", 1.0, low=0.1),
        Option("pull", "str", "Resistor", "up", choices=("up", "down")),
        Option("targets", "list[str]", "Hosts", []),
        Option("names", "table", "By address", {}),
        Option("is_inverted", "bool", "Turned", default=False),
    )

    def channels(config: SensorConfig) -> tuple[Channel, ...]:
        return (Channel(f"{config.name}-on", "occupied", config.period_s, config.room, config.label),)

    return DriverSpec(name, kind, "A switch", "Pin to ground", options, 10.0, channels, _open)


class Switches(Registry):
    def __init__(self) -> None:
        super().__init__({"switch": "occupancy", "meter": "outlets"})
        self.asked: list[str] = []

    def spec(self, name: str) -> DriverSpec:
        self.asked.append(name)
        return _spec(name, self.kind(name))


GOOD = """
site = "house"
node = "pi-1"

[broker]
host = "127.0.0.1"

[[sensors]]
name = "desk"
driver = "switch"
room = "big"
pin = 17
"""


def load(folder: Path, text: str, kinds: tuple[str, ...] = ()) -> SensorsConfig:
    file = folder / "sensors.toml"
    file.write_text(text)
    return load_config(file, Switches(), kinds)


def problems(folder: Path, text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text)
    return [str(problem).removeprefix(f"{folder}/") for problem in caught.value.problems]


def test_a_short_file_is_enough_and_defaults_fill_the_rest(tmp_path: Path) -> None:
    config = load(tmp_path, GOOD)
    assert (config.site, config.node, config.gateways, config.simulation) == ("house", "pi-1", ("main",), None)
    assert (config.broker.port, config.broker.username, config.broker.password_file) == (1883, "pi-1", None)
    assert (config.journal.directory, config.journal.keep_days) == (Path("/var/lib/vigie-sensors"), 7.0)
    sensor = config.sensors[0]
    assert (sensor.name, sensor.driver, sensor.room, sensor.period_s) == ("desk", "switch", "big", 10.0)
    assert sensor.options == {
        "pin": 17, "ratio": 1.0, "pull": "up", "targets": [], "names": {}, "is_inverted": False,
    }  # fmt: skip
    assert config.channels["desk"][0].id == "desk-on"


def test_everything_can_be_set_and_files_stand_beside_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("x")
    text = (
        GOOD.replace(
            'host = "127.0.0.1"', 'host = "broker.lan"\nport = 8883\nusername = "u"\npassword_file = "password"'
        )
        + 'period_s = 2\nlabel = "Près de la porte"\nratio = 2\npull = "down"\ntargets = ["a"]\nnames = { x = "y" }\n'
        + 'is_inverted = true\n[journal]\ndirectory = "j"\nkeep_days = 30\nmax_mb = 10\n[simulation]\nplace = 1\n'
    )
    config = load(tmp_path, text)
    assert config.broker.password_file == tmp_path / "password"
    assert config.journal.directory == tmp_path / "j"
    assert config.simulation == {"place": 1}
    assert config.sensors[0].options["ratio"] == 2.0
    assert config.sensors[0].label == "Près de la porte"


def test_every_problem_is_told_at_once_with_its_line(tmp_path: Path) -> None:
    text = """site = "House"
nodes = "pi"
[broker]
host = 5
port = 70000
[[sensors]]
name = "desk"
driver = "swich"
[[sensors]]
name = "door"
driver = "switch"
pin = 99
pul = "up"
pull = "sideways"
targets = [1]
period_s = 0
is_inverted = 1
ratio = nan
"""
    assert problems(tmp_path, text) == [
        "sensors.toml:1: node is missing, expected text",
        'sensors.toml:1: site is "House", expected 1 to 32 characters of a-z, 0-9 and -',
        "sensors.toml:2: nodes is an unknown key, expected perhaps node",
        "sensors.toml:4: broker.host is 5, expected text",
        "sensors.toml:5: broker.port is 70000, expected a whole number from 1 to 65535",
        'sensors.toml:8: sensors[1].driver is "swich", expected perhaps switch',
        "sensors.toml:12: sensors[2].pin is 99, expected a whole number from 2 to 27",
        "sensors.toml:13: sensors[2].pul is an unknown key, expected perhaps pull",
        'sensors.toml:14: sensors[2].pull is "sideways", expected one of up, down',
        "sensors.toml:15: sensors[2].targets is [1], expected a list of texts",
        "sensors.toml:16: sensors[2].period_s is 0, expected a number from 0.1 to 86400 s",
        "sensors.toml:17: sensors[2].is_inverted is 1, expected true or false",
        "sensors.toml:18: sensors[2].ratio is nan, expected a number of at least 0.1",
    ]


def test_a_missing_required_option_names_the_sensor_s_line(tmp_path: Path) -> None:
    found = problems(tmp_path, GOOD.replace("pin = 17\n", ""))
    assert found == ["sensors.toml:8: sensors[1].pin is missing, expected a whole number from 2 to 27"]


def test_two_sensors_of_one_name_are_refused(tmp_path: Path) -> None:
    again = '[[sensors]]\nname = "desk"\ndriver = "switch"\npin = 4\n'
    assert problems(tmp_path, GOOD + again) == [
        'sensors.toml:14: sensors[2].name is "desk", expected a name that no other sensor of the file has'
    ]


def test_a_name_too_long_for_its_channels_is_refused(tmp_path: Path) -> None:
    assert "expected a shorter name" in problems(tmp_path, GOOD.replace('"desk"', f'"{"d" * 30}"'))[0]


def test_no_sensor_no_gateway_and_an_unreadable_password_are_told(tmp_path: Path) -> None:
    text = 'site = "s"\nnode = "n"\ngateways = []\n[broker]\nhost = "h"\npassword_file = "nowhere"\n'
    assert problems(tmp_path, text) == [
        "sensors.toml:1: sensors is missing, expected one [[sensors]] table or more",
        'sensors.toml:3: gateways is [], expected one or more different gateway ids, for example ["main"]',
        'sensors.toml:6: broker.password_file is "nowhere", expected a file that this user can read',
    ]


def test_what_is_no_toml_or_no_text_or_no_file_names_its_line(tmp_path: Path) -> None:
    assert problems(tmp_path, 'site = "s"\nnode = = 1\n')[0].startswith("sensors.toml:2: is no valid TOML")
    file = tmp_path / "sensors.toml"
    file.write_bytes(b'site = "s"\nnode = "\xff"\n')
    with pytest.raises(ConfigError, match="toml:2: is not UTF-8"):
        load_config(file, Switches())
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(tmp_path / "absent.toml", Switches())


def test_only_the_kinds_asked_for_are_loaded(tmp_path: Path) -> None:
    file = tmp_path / "sensors.toml"
    file.write_text(GOOD + '[[sensors]]\nname = "power"\ndriver = "meter"\npin = 4\n')
    registry = Switches()
    config = load_config(file, registry, ["outlets"])
    assert [sensor.name for sensor in config.sensors] == ["power"]
    assert set(registry.asked) == {"meter"}
    with pytest.raises(ConfigError, match="a sensor of one of these kinds"):
        load_config(file, Switches(), ["wifi"])


MIRROR = '[[mirrors]]\nhost = "10.0.0.3"\ngateways = ["mirror"]\n'


def test_a_second_broker_has_gateways_of_its_own_and_is_seen_by_itself(tmp_path: Path) -> None:
    config = load(tmp_path, GOOD + MIRROR)
    assert config.all_gateways == ("main", "mirror")
    first, second = config.by_broker()
    assert (first.broker, first.gateways) == (config.broker, ("main",))
    assert config.mirrors == (MirrorConfig(second.broker, ("mirror",)),)
    assert (second.broker.host, second.broker.username) == ("10.0.0.3", "pi-1")


@pytest.mark.parametrize(
    ("added", "told"),
    [
        ('[mirrors]\nhost = "x"\n', "mirrors is {'host': 'x'}, expected one [[mirrors]] table for each further broker"),
        (MIRROR.replace('mirror"]', 'main"]'), "mirrors[1].gateways is ['main'], expected one or more different"),
        (MIRROR.replace("host", "hots"), "mirrors[1].hots is an unknown key, expected perhaps host"),
        (MIRROR + MIRROR, "mirrors[2].gateways is ['mirror'], expected one or more different gateway ids"),
    ],
)
def test_a_wrong_second_broker_is_named_with_its_place(tmp_path: Path, added: str, told: str) -> None:
    assert any(told in problem for problem in problems(tmp_path, GOOD + added))


scalars = st.one_of(
    st.integers().map(str),
    st.floats().map(str),
    st.sampled_from(["true", '""', '"a"', "[]", '["a", 1]', "{}", "{ a = 1 }", "1979-05-27", "[[1]]", "1" * 400]),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(["site", "node", "gateways", "broker", "journal", "sensors", "simulation", "zz"]), scalars
    ),
    st.dictionaries(st.sampled_from(["name", "driver", "pin", "ratio", "names", "period_s", "room", "label"]), scalars),
)
def test_any_value_anywhere_gives_a_configuration_or_problems_with_lines(
    tmp_path: Path, top: dict[str, str], sensor: dict[str, str]
) -> None:
    lines = [f"{key} = {value}" for key, value in top.items()]
    if "sensors" not in top:
        lines += ["[[sensors]]", *(f"{key} = {value}" for key, value in ({"driver": '"switch"'} | sensor).items())]
    try:
        load(tmp_path, "\n".join(lines))
    except ConfigError as error:
        assert all(1 <= problem.line <= len(lines) + 1 for problem in error.problems)  # noqa: PT017 - either outcome is right


def test_what_only_a_driver_can_judge_is_told_like_every_other_problem(tmp_path: Path) -> None:
    path = tmp_path / "sensors.toml"
    path.write_text(
        'site = "place"\nnode = "ondes"\n[[sensors]]\nname = "scan"\ndriver = "scan"\n'
        'access_points = { borne-1 = "not a bssid" }\n',
        encoding="utf-8",
    )
    with pytest.raises(ConfigError) as caught:
        load_config(path, Registry())
    (problem,) = [problem for problem in caught.value.problems if "access_points" in problem.key]
    assert (problem.line, problem.key) == (6, "sensors[1].access_points")
    assert problem.expected.startswith("BSSIDs like")


REHEARSAL = """site = "house"
node = "pi"
[broker]
host = "127.0.0.1"
[[sensors]]
name = "hall"
driver = "motion"
pin = 4
[rehearsal]
"""


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("", "rehearsal is missing, expected one of far_end, download_url with upload_url, or speedtest_net = true"),
        ('far_end = "box:8377"', "rehearsal.secret_file is missing, expected the file with the far end's secret"),
        ('far_end = "box:none"\nsecret_file = "s"', 'rehearsal.far_end is "box:none", expected a host and a port'),
        ('download_url = "http://box/file"', "rehearsal.upload_url is missing, expected a URL"),
        ('download_url = "ftp://box/"\nupload_url = "http://box/"', 'rehearsal.download_url is "ftp://box/", expected'),
        ('speedtest_net = true\nfar_end = "box"\nsecret_file = "s"', "rehearsal is 2, expected one of"),
        ('speedtest_net = true\nrooms = ["Hall!"]', 'rehearsal.rooms[1] is "Hall!", expected 1 to 32 characters'),
        ("speedtest_net = true\nmost_mb = 0.5", "rehearsal.most_mb is 0.5, expected a number"),
    ],
)
def test_a_wrong_rehearsal_is_told_by_its_key(tmp_path: Path, lines: str, said: str) -> None:
    (tmp_path / "s").write_text("a secret of this test")
    file = tmp_path / "sensors.toml"
    file.write_text(REHEARSAL + lines + "\n")
    with pytest.raises(ConfigError) as refusal:
        load_config(file, Registry())
    assert said in str(refusal.value)
