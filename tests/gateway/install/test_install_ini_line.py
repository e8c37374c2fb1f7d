"""One line of a file that is not ours."""

from hypothesis import given
from hypothesis import strategies as st

from vigie_gateway.install.actions import Line
from vigie_gateway.install.ini_line import with_line

ON = Line("/etc/x.conf", "server", "host-name", "vigie")
OFF = Line("/etc/x.conf", "server", "host-name", None)


def test_a_line_that_was_switched_off_is_switched_on_in_its_place() -> None:
    assert with_line("[server]\n#host-name=foo\nb=1\n[x]\n", ON) == "[server]\nhost-name=vigie\nb=1\n[x]\n"


def test_the_line_that_holds_is_changed_and_not_the_example_before_it() -> None:
    assert with_line("[server]\n#host-name=foo\nhost-name = bar\n", ON) == "[server]\n#host-name=foo\nhost-name=vigie\n"


def test_a_line_of_another_section_is_left_alone() -> None:
    assert with_line("[server]\n[other]\nhost-name=bar\n", ON) == "[server]\nhost-name=vigie\n[other]\nhost-name=bar\n"


def test_a_section_that_is_missing_is_added() -> None:
    assert with_line("[other]\n", ON) == "[other]\n[server]\nhost-name=vigie\n"


def test_a_line_that_is_taken_out_stays_as_an_example() -> None:
    assert with_line("[server]\nhost-name=vigie\n", OFF) == "[server]\n#host-name=vigie\n"


@given(st.lists(st.sampled_from(["[server]", "[x]", "#host-name=foo", "host-name=bar", "a=1", ""])))
def test_setting_a_line_twice_is_setting_it_once_and_every_other_line_stays(lines: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    once = with_line(text, ON)
    assert with_line(once, ON) == once
    assert with_line(with_line(text, OFF), OFF) == with_line(text, OFF)
    others = [line for line in lines if "host-name" not in line]
    assert [line for line in once.splitlines() if "host-name" not in line and line != "[server]"] == [
        line for line in others if line != "[server]"
    ]
