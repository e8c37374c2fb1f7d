"""What was typed on the set-up's pages, in a file beside the store: no error, reload or power cut loses it.

Called by ``api.setup`` on request threads; there is one draft of a place, whoever types.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

from vigie_gateway.files import replace_file
from vigie_gateway.setup.typed import Fields

FILE_NAME = "setup-draft.json"


class DraftError(Exception):
    """The draft cannot be kept; one line for a person."""


@dataclass(slots=True)
class Draft:
    """What was typed.

    Attributes:
        base: Digest of the site file that it was begun from; "" when there was none, None when nothing is begun.
        steps: The fields of each page that was sent, as they were typed.
        imported: A checked site file to begin from in place of the one that there is; None when there is none.
    """

    base: str | None = None
    steps: dict[str, Fields] = field(default_factory=dict)
    imported: str | None = None


class DraftFile:
    """The file. Every method may be called from any thread."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE_NAME
        self._lock = Lock()

    def load(self) -> Draft:
        """What was typed before; an empty draft when there is none, or it cannot be read."""
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            base, steps, imported = found["base"], found["steps"], found["imported"]
            return Draft(
                None if base is None else str(base),
                {str(step): {str(key): str(text) for key, text in fields.items()} for step, fields in steps.items()},
                None if imported is None else str(imported),
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return Draft()

    def keep(self, step: str, fields: Fields, base: str) -> None:
        """Keep what was typed on a page.

        Args:
            step: The page.
            fields: As typed.
            base: Digest of the site file now; kept by a draft that is begun with this.

        Raises:
            DraftError: It cannot be written.
        """
        with self._lock:
            draft = self.load()
            if draft.base is None:
                draft.base = base
            draft.steps[step] = fields
            self._write(draft)

    def begin(self, draft: Draft) -> None:
        """Take this draft in place of the one that there is. Raises DraftError."""
        with self._lock:
            self._write(draft)

    def drop(self) -> None:
        """Forget what was typed."""
        with self._lock:
            self._path.unlink(missing_ok=True)

    def _write(self, draft: Draft) -> None:
        text = json.dumps(
            {"base": draft.base, "steps": draft.steps, "imported": draft.imported}, ensure_ascii=False, indent=1
        )
        try:
            replace_file(self._path, text.encode(), 0o600)
        except OSError as error:
            raise DraftError(f"{self._path}: what was typed cannot be kept: {error.strerror}") from error
