"""One table of the site file, changed, added or taken away, and all else as it was.

Called on request threads by the pages that change a single thing of the place: ``api.rules`` and ``api.told``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from vigie_gateway.place.problem import format_problem
from vigie_gateway.place.site import Site, read_site
from vigie_gateway.setup.recipe import RecipeError, rewrite
from vigie_gateway.setup.site_file import SiteFile, SiteFileError, SiteText
from vigie_gateway.setup.typed import Entry, Meant, sources_of, tables_of


@dataclass(frozen=True, slots=True)
class Made:
    """What would come of a change.

    Attributes:
        text: Of the file.
        site: The place that it describes; None where it would not be right.
        notice: Why not: ``uneditable`` or ``problems``; "" where it is right.
        said: The gateway's own lines about that.
    """

    text: str
    site: Site | None
    notice: str = ""
    said: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class SiteChange:
    """The site file as it is found, to change one thing of it.

    Attributes:
        file: Where it is.
        now: What it says.
        site: The place that it describes; where it describes none, the one that is running.
        notice: Why nothing can be changed: ``read``, ``unfit`` or ``unset``; "" where it can be.
        said: The gateway's own lines about that.
    """

    file: SiteFile
    now: SiteText
    site: Site
    notice: str = ""
    said: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, file: SiteFile, running: Site) -> SiteChange:
        """The file now."""
        try:
            now = file.read()
        except SiteFileError as error:
            return cls(file, SiteText("", "", {}), running, "read", [str(error)])
        if not now.text:
            return cls(file, now, running, "unset")
        site, problems = read_site(str(file.path), now.text)
        if site is None:
            return cls(file, now, running, "unfit", [format_problem(problem) for problem in problems])
        return cls(file, now, site)

    def made(self, edit: Callable[[SiteText], str]) -> Made:
        """What would come of an edit; of none where the file cannot be changed."""
        if self.notice:
            return Made("", None, self.notice, self.said)
        try:
            text = edit(self.now)
        except RecipeError as error:
            return Made("", None, "uneditable", [str(error)])
        site, problems = read_site(str(self.file.path), text)
        return Made(text, site, "problems" if problems else "", [format_problem(problem) for problem in problems])

    def put(self, text: str) -> bool:
        """Put the text in the file's place.

        Returns:
            Whether it says anything else than before.

        Raises:
            SiteFileError: Somebody else wrote the file meanwhile, or it cannot be written; nothing was changed.
        """
        if text == self.now.text:
            return False
        self.file.replace(text, self.now.digest)
        return True


def table_of(now: SiteText, section: str, table_id: str) -> Mapping[str, Any]:
    """The table of that id; empty where there is none."""
    source = sources_of(now.raw, section).get(table_id)
    return {} if source is None else tables_of(now.raw, section)[source]


def with_table(now: SiteText, section: str, table_id: str, values: Mapping[str, Any]) -> str:
    """The text with these keys in the table of that id, which is added where there is none.

    Args:
        now: The file.
        section: ``rules`` or ``told``.
        table_id: Its ``id``.
        values: None takes a key away.

    Raises:
        RecipeError: The file is written in a way that cannot be edited here.
    """
    return now.text if not values else with_tables(now, {section: (table_id, values)})


def with_tables(now: SiteText, tables: Mapping[str, tuple[str, Mapping[str, Any]]]) -> str:
    """The text with one table of each of these sections changed or added, as ``with_table``. Raises RecipeError."""
    sections = {}
    for section, (table_id, values) in tables.items():
        source = sources_of(now.raw, section).get(table_id)
        entries = [Entry(at, dict(values) if at == source else {}) for at in range(len(tables_of(now.raw, section)))]
        if source is None:
            given = {key: value for key, value in values.items() if value is not None}
            entries.append(Entry(None, {"id": table_id, **given}))
        sections[section] = entries
    return rewrite(now.text, Meant(sections=sections))


def without_table(now: SiteText, section: str, table_id: str) -> str:
    """The text without the table of that id. Raises RecipeError."""
    source = sources_of(now.raw, section).get(table_id)
    entries = [Entry(at, {}) for at in range(len(tables_of(now.raw, section))) if at != source]
    return rewrite(now.text, Meant(sections={section: entries}))
