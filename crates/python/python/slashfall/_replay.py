"""A path of a run, told."""

from __future__ import annotations

import html
import json
from typing import Any


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
