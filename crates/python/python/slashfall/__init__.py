"""Slashfall: what a cascade of slashings, depegs and liquidations may cost, with the error of every figure.

    result = slashfall.run("configs/quickstart.toml")
    result.summary().to_pandas()

`run` gives a `Result`, and so does `open` of a folder that the command line has written: the bytes
of its tables are the same; `merge` makes one of parts. `slashfall.distributed` runs on many machines. `caps` asks how much a treasury may hold, `check` what is wrong with an
input or what holds of its network.
"""

from ._caps import Caps, caps
from ._check import Check, check
from ._engine import __version__
from ._merge import merge
from ._problems import InputError, Problem, RunWarning
from ._replay import Replay
from ._result import Result, open
from ._run import run
from ._table import Table

__all__ = [
    "Caps",
    "Check",
    "InputError",
    "Problem",
    "Replay",
    "Result",
    "RunWarning",
    "Table",
    "__version__",
    "caps",
    "check",
    "merge",
    "open",
    "run",
]
