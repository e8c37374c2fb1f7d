"""Hiding a module: only inside the block, and only when it was not loaded before."""

from __future__ import annotations

import importlib
import sys

import pytest

from vigie_contract.memory import hidden


def test_a_hidden_module_cannot_be_imported_inside_and_can_after(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with hidden("colorsys"), pytest.raises(ImportError):
        importlib.import_module("colorsys")
    assert importlib.import_module("colorsys").__name__ == "colorsys"


def test_a_module_that_is_loaded_stays_visible() -> None:
    with hidden("json"):
        assert importlib.import_module("json").__name__ == "json"
