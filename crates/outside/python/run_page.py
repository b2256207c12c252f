"""Runs the blocks of code of a page of docs in the order of the page, in a folder with copies of configs and data.

    python run_page.py PROGRAM PAGE

`sh` is run by bash and has to succeed; `python` and `sql` (DuckDB) have to answer with a row or more; of `r` the names of
files and columns have to be there. Blocks of other languages are not looked at, and a block after a line
`<!-- not run: REASON -->` is not run. Prints how many were.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
BLOCK = re.compile(r"^(<!-- not run: [^\n]+ -->\n)?```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def main():
    program, page = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    blocks = [
        (language, code) for skipped, language, code in BLOCK.findall(page.read_text(encoding="utf-8")) if not skipped
    ]
    blocks = [(language, code) for language, code in blocks if language in RUNNERS]
    os.environ["PATH"] = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    with tempfile.TemporaryDirectory() as folder:
        for name in ("configs", "data"):
            shutil.copytree(ROOT / name, Path(folder) / name)
        os.chdir(folder)
        for language, code in blocks:
            try:
                RUNNERS[language](code)
            except Exception as error:  # Whatever goes wrong is told with its block.
                sys.exit(f"{page.name}: a block of {language} fails: {type(error).__name__}: {error}\n{code}")
        os.chdir(ROOT)
    print(f"{len(blocks)} blocks")


def shell(code):
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", code], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"status {done.returncode}\n{done.stdout}\n{done.stderr}")


def python(code):
    """The last expression is the answer, as in a notebook."""
    tree = ast.parse(code)
    names = {}
    exec(compile(ast.Module(tree.body[:-1], []), "page", "exec"), names)
    answered(len(eval(compile(ast.Expression(tree.body[-1].value), "page", "eval"), names)))


def sql(code):
    import duckdb

    answered(len(duckdb.sql(code).fetchall()))


def answered(rows):
    if rows == 0:
        raise RuntimeError("it answers with no rows")


def r(code):
    """Names of columns in `filter`, `select` and `sum` of a pipe are those of the files that it opens."""
    import pyarrow.dataset as ds

    pipes = re.findall(r'open_dataset\("([^"]+)"\)(.*?)(?=open_dataset|\Z)', code, flags=re.DOTALL)
    if not pipes:
        raise RuntimeError("it opens nothing")
    for path, pipe in pipes:
        there = set(ds.dataset(path).schema.names)
        calls = re.findall(r"(?:filter|select|sum)\(([^()]*)\)", pipe)
        named = {name for call in calls for name in re.findall(r"[A-Za-z_]\w*", re.sub(r'"[^"]*"', "", call))}
        if not named or not named <= there:
            raise RuntimeError(f"{path} has no column {sorted(named - there)}")


RUNNERS = {"sh": shell, "python": python, "sql": sql, "r": r}

if __name__ == "__main__":
    main()
