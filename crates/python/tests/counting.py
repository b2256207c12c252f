"""Engines that note each part that is computed, also where its worker dies on the way: workers import this too."""

import functools
import time
from pathlib import Path


def counted(work, log, pause, part):
    """Notes that a part is begun and, where it was in the store, that it was; opened to append, a line is whole."""
    first = part.paths[0]
    note(log, f"begun {first}")
    time.sleep(pause)
    done = work(part)
    if not done.computed:
        note(log, f"there {first}")
    return done


def note(log, line):
    with open(log, "a") as file:
        file.write(line + "\n")


def counting(engine, log, pause=0.0):
    """The engine, noting in `log`, each part so many seconds longer."""

    def counts(work, parts):
        yield from engine(functools.partial(counted, work, log, pause), parts)

    return counts


def begun(log):
    """First paths of the parts whose computation has begun, as often as it has."""
    lines = [line.split() for line in Path(log).read_text().splitlines()] if Path(log).exists() else []
    firsts = [int(first) for what, first in lines if what == "begun"]
    for what, first in lines:
        if what == "there":
            firsts.remove(int(first))
    return firsts
