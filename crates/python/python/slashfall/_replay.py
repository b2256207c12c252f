"""A path of a run, told."""

from __future__ import annotations

import html
import json
import os
from pathlib import Path
from typing import Any

from . import _engine
from ._problems import warn


class Replay:
    """A path that was played again: `str` of it is what `slashfall replay` prints."""

    def __init__(self, document: str, story: str) -> None:
        self.json: dict[str, Any] = json.loads(document)
        """What `slashfall replay --json` prints: events, days with their steps, figures, the story."""
        self._story = story.strip("\n")

    def __str__(self) -> str:
        return self._story

    def __repr__(self) -> str:
        return f"<slashfall.Replay of path {self.json['path']}, scenario {self.json['scenario']}>"

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(self._story)}</pre>"


def replay(
    result: Path, path: int, scenario: str, network: str | os.PathLike[str] | None
) -> Replay:
    document, story, notes = _engine.replay(result, path, scenario, network)
    warn(notes)
    return Replay(document, story)
