"""What is wrong with an input, or else the facts of its network."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from . import _engine
from ._problems import Problem, printable


class Check:
    """What is said of an input with which nothing is wrong."""

    def __init__(self, facts: str, warnings: list[Problem]) -> None:
        self.facts: dict[str, Any] = json.loads(facts)
        """What `slashfall check --json` prints."""
        self.warnings: list[Problem] = warnings
        """What is not wrong but should be known."""

    def __repr__(self) -> str:
        network = self.facts["network"]
        text = f"<slashfall.Check {network['name']}, {network['as_of']}: {len(self.warnings)} warnings>"
        return printable(text)


def check(
    config_or_network_folder: str | os.PathLike[str] | Mapping[str, Any],
    *,
    set: Mapping[str, Any] | None = None,
    allow_outside: bool = False,
) -> Check:
    """Checks a run file, a mapping that says the same, or the folder of a network.

    set: dotted keys and values that change the run file, as `--set` does.
    allow_outside: whether the network that a run file names may be anywhere, and links in it.

    Raises `InputError` with all that is wrong.
    """
    changes = [] if set is None else list(set.items())
    facts, warnings = _engine.check(config_or_network_folder, changes, allow_outside)
    return Check(facts, warnings)
