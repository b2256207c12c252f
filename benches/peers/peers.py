#!/usr/bin/env python3
"""Sets the engine beside public packages that do the same work, and writes the table of docs/performance.md.

    python3 benches/peers/peers.py            all rows but the memory of 10,000,000 paths
    python3 benches/peers/peers.py --help

Needs Python 3.11 or newer, cargo, and PyPI for the first run. The packages go into `.tools/peers`, nothing into
the system. README.md says what is compared with what.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import venv
from pathlib import Path

import rows
from contest import Bench
from report import render, replace_between_markers

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TOOLS = ROOT / ".tools" / "peers"


def environment():
    """That of the shell, less what hides this machine's processor from numpy."""
    hidden = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")
    kept = {key: value for key, value in os.environ.items() if key not in hidden}
    return kept | {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}


def python_with_packages():
    """The interpreter of the virtual environment, which is made where it is not there yet."""
    python = TOOLS / "bin" / "python"
    wanted = (HERE / "requirements.txt").read_text(encoding="utf-8")
    installed = TOOLS / "requirements.txt"
    if not installed.is_file() or installed.read_text(encoding="utf-8") != wanted:
        venv.create(TOOLS, with_pip=True)
        install = [python, "-m", "pip", "install", "--quiet", "-r", HERE / "requirements.txt"]
        subprocess.run(install, check=True)
        installed.write_text(wanted, encoding="utf-8")
    return python


def build():
    """The program in release, for any machine: what a user gets."""
    subprocess.run(["cargo", "build", "--release", "--quiet", "-p", "slashfall-cli"], cwd=ROOT, check=True)
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    return target / "release" / "slashfall"


def machine():
    """Processor, cores, memory and system in a line."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.is_file():
        names = [line.split(":", 1)[1].strip() for line in info.read_text().splitlines() if line.startswith("model name")]
        cpu = names[0] if names else cpu
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    rustc = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    return f"{len(os.sched_getaffinity(0))} cores of {cpu}, {memory:.0f} GiB, {platform.system()}; rust {rustc}, release profile; Python {platform.python_version()}"


def commit():
    """The commit that was measured, with a mark where files had changed since."""
    git = ["git", "-C", str(ROOT)]
    name = subprocess.run([*git, "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    changed = subprocess.run([*git, "status", "--porcelain", "--", "crates"], capture_output=True, text=True).stdout
    return f"{name or 'unknown'}{'+' if changed else ''}"


def arguments():
    parser = argparse.ArgumentParser(description="The engine beside its peers.")
    parser.add_argument("--rows", help="only these, with commas: " + ", ".join(rows.ROWS))
    parser.add_argument("--memory", action="store_true", help="the row of 10,000,000 paths too (minutes)")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each contestant, in turn (5)")
    parser.add_argument("--quick", action="store_true", help="small runs: whether it works, no figures to keep")
    parser.add_argument("--dry", action="store_true", help="print the table, leave docs/performance.md as it is")
    return parser.parse_args()


def chosen(args):
    if args.rows is None:
        return [name for name in rows.ROWS if args.memory or name != "memory"]
    names = args.rows.split(",")
    unknown = [name for name in names if name not in rows.ROWS]
    if unknown:
        sys.exit(f"no such row: {', '.join(unknown)}; there are {', '.join(rows.ROWS)}")
    return names


def main():
    args = arguments()
    names = chosen(args)
    kept = TOOLS / "results.json"
    bench = Bench(python_with_packages(), build(), environment(), TOOLS / "work", args.rounds, args.quick)
    results = json.loads(kept.read_text()) if kept.is_file() and not args.quick else {}
    for name in names:
        print(f"{name} ...", file=sys.stderr, flush=True)
        lines = rows.ROWS[name](bench)
        results[name] = {"lines": lines, "commit": commit(), "machine": machine()}
        for line in lines:
            print("  " + " | ".join(line), file=sys.stderr, flush=True)
    order = [name for name in rows.ROWS if name in results]
    table = render([results[name] for name in order])
    print(table)
    if not (args.quick or args.dry):
        kept.write_text(json.dumps(results, indent=1))
        replace_between_markers(ROOT / "docs" / "performance.md", table)


if __name__ == "__main__":
    main()
