#!/usr/bin/env python3
"""Draws the pictures of docs/concepts, so that each figure in them is one that the engine or a closed form gives.

    python docs/pictures/draw.py path/to/slashfall            writes the SVG files beside this file
    python docs/pictures/draw.py path/to/slashfall --check    says which are not as they would be drawn

Needs the packages of crates/outside/requirements.txt. Runs quickstart twice, some 15 seconds.
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import caps
import contributions
import correlation
import importance
import losses
import network
import path
import style
import tail

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PICTURES = [network, path, losses, tail, correlation, contributions, caps, importance]
# Coordinates of an SVG are points; a hundredth of one cannot be seen, and processors differ by less.
TOLERANCE = 0.01


def main():
    parser = argparse.ArgumentParser(description="Draws the pictures of docs/concepts.")
    parser.add_argument("program", type=Path, help="slashfall")
    parser.add_argument("--check", action="store_true", help="write nothing; status 1 where a picture has changed")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = Results(args.program.resolve(), Path(folder))
        drawn = {module.__name__: style.svg(module.draw(results)) for module in PICTURES}
    if args.check:
        changed = [name for name, text in drawn.items() if not alike(text, file_of(name).read_text(encoding="utf-8"))]
        sys.exit(f"not as drawn now: {', '.join(changed)}; run docs/pictures/draw.py" if changed else 0)
    for name, text in drawn.items():
        file_of(name).write_text(text, encoding="utf-8")


class Results:
    """Results of quickstart, each run when it is first asked for."""

    def __init__(self, program, folder):
        self.program = program
        self.folder = folder

    def plain(self):
        """As the run file stands, with every path."""
        return self.run("plain", "--set", "run.detail=paths")

    def weighted(self):
        """As many paths, guided to what eETH loses once in a thousand months."""
        settings = ["method=importance", "scope=eETH", "level=0.999"]
        return self.run(
            "weighted",
            "--set",
            "run.detail=paths",
            *(word for key in settings for word in ("--set", f"sampling.{key}")),
        )

    def caps(self):
        policy = ROOT / "configs" / "policies" / "example-dao.toml"
        return self.made("caps", lambda out: ["caps", self.plain(), "--policy", policy, "--quiet", "-o", out])

    def replay(self, number):
        """What `slashfall replay --json` says of a path."""
        done = subprocess.run(
            [self.program, "replay", self.plain(), "--path", str(number), "--json"], check=True, capture_output=True
        )
        return done.stdout

    def run(self, name, *settings):
        run_file = ROOT / "configs" / "quickstart.toml"
        return self.made(name, lambda out: ["run", run_file, "--quiet", "-o", out, *settings])

    def made(self, name, command):
        out = self.folder / name
        if not out.exists():
            subprocess.run([self.program, *command(out)], check=True)
        return out


def file_of(name):
    return HERE / f"{name}.svg"


def alike(one, other):
    """Whether two pictures differ in their numbers alone, and by less than anybody sees."""
    number = re.compile(r"-?\d+\.?\d*(?:e-?\d+)?")
    # Names of marks and clips are digests of their coordinates.
    one, other = (re.sub(r'(id="|#)[mp][0-9a-f]{10}', r"\1", text) for text in (one, other))
    if number.sub("0", one) != number.sub("0", other):
        return False
    pairs = zip(number.findall(one), number.findall(other), strict=True)
    return all(abs(float(a) - float(b)) <= TOLERANCE for a, b in pairs)


if __name__ == "__main__":
    main()
