#!/usr/bin/env python3
"""Keeps docs/queries.md true: runs its queries on a fresh result and holds the three answers to each other.

    python3 docs/queries_check.py path/to/slashfall        makes a result, then asks it
    python3 docs/queries_check.py --result DIR             asks a result that is there

Needs Python 3.11 with DuckDB, Polars, pandas and PyArrow; `cargo test --workspace --test outside queries` brings
them and runs this. Every question, a heading with code under it, has one block of SQL for DuckDB, one of Python
for Polars and one for pandas, in that order; the answer of a block of Python is its last expression. Answers have
the same columns and rows in the same order, numbers within 1e-9 of each other, and at least one row; a column
`X_of_summary` is the same as `X`.
"""

import argparse
import ast
import math
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
LANGUAGES = ("DuckDB", "Polars", "pandas")
TOLERANCE = 1e-9
# Paths of the result: enough for tails of 0.99, for sensitivities and for two rows of convergence.
PATHS = 16_384


def main():
    args = arguments()
    the_check_can_fail()
    if args.result is not None:
        check(args.result)
        return
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result"
        run = [args.program, "run", ROOT / "configs" / "baseline.toml", "--paths", str(PATHS)]
        subprocess.run([*run, "--set", "run.detail=paths", "--quiet", "-o", result], check=True)
        check(result)


def arguments():
    parser = argparse.ArgumentParser(description="Runs the queries of docs/queries.md.")
    asked = parser.add_mutually_exclusive_group(required=True)
    asked.add_argument("program", nargs="?", type=Path, help="slashfall, to make a result with")
    asked.add_argument("--result", type=Path, help="a result of the baseline with detail = \"paths\"")
    return parser.parse_args()


def check(result):
    """Runs every question on a result; all that is wrong is told, and ends the program with status 1."""
    questions = read_questions((HERE / "queries.md").read_text(encoding="utf-8"))
    os.chdir(result)
    wrong = [f"{title}: {fault}" for title, blocks in questions for fault in faults_of_question(blocks)]
    for fault in wrong:
        print(f"docs/queries.md: {fault}", file=sys.stderr)
    if wrong:
        sys.exit(1)
    print(f"{len(questions)} questions, each answered alike by {', '.join(LANGUAGES)}")


def read_questions(text):
    """Headings with their blocks of code, in the order of LANGUAGES."""
    questions = []
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        title = section.splitlines()[0]
        found = re.findall(r"^```(\w*)\n(.*?)^```$", section, flags=re.MULTILINE | re.DOTALL)
        languages = ["DuckDB" if kind == "sql" else "Polars" if "import polars" in code else "pandas" for kind, code in found]
        if tuple(languages) != LANGUAGES:
            sys.exit(f"docs/queries.md: {title}: one block each of {', '.join(LANGUAGES)} was expected: {languages}")
        questions.append((title, [code for _, code in found]))
    if not questions:
        sys.exit("docs/queries.md has no questions")
    return questions


def faults_of_question(blocks):
    answers = []
    for language, code in zip(LANGUAGES, blocks, strict=True):
        try:
            answers.append(answer(language, code))
        except Exception as error:  # Whatever a query throws is told with its question.
            return [f"{language} fails: {type(error).__name__}: {error}"]
    faults = []
    for language, other in zip(LANGUAGES[1:], answers[1:], strict=True):
        faults += [f"DuckDB and {language} differ: {fault}" for fault in differences(answers[0], other)]
    return faults + faults_of_answer(answers[0])


def answer(language, code):
    """Names of the columns and rows of plain values."""
    if language == "DuckDB":
        import duckdb

        relation = duckdb.sql(code)
        return relation.columns, [[plain(cell) for cell in row] for row in relation.fetchall()]
    frame = last_expression(code)
    rows = frame.rows() if language == "Polars" else frame.itertuples(index=False, name=None)
    return list(frame.columns), [[plain(cell) for cell in row] for row in rows]


def last_expression(code):
    tree = ast.parse(code)
    names = {}
    exec(compile(ast.Module(tree.body[:-1], []), "queries.md", "exec"), names)
    return eval(compile(ast.Expression(tree.body[-1].value), "queries.md", "eval"), names)


def plain(cell):
    """A cell as Python has it: numbers, texts, lists, None where it is null."""
    if hasattr(cell, "tolist"):
        cell = cell.tolist()
    if isinstance(cell, (list, tuple)):
        return [plain(item) for item in cell]
    # pandas has NaN for null; there is no NaN in a result.
    return None if isinstance(cell, float) and math.isnan(cell) else cell


def faults_of_answer(table):
    columns, rows = table
    faults = [] if rows else ["no rows"]
    for column in columns:
        twin = columns.index(column.removesuffix("_of_summary")) if column.endswith("_of_summary") else None
        for number, row in enumerate(rows, start=1):
            if twin is not None and not same(row[twin], row[columns.index(column)]):
                faults.append(f"row {number}: {columns[twin]} is {row[twin]}, {column} {row[columns.index(column)]}")
    return faults


def differences(one, other):
    """What keeps two answers from being the same, the first few of it."""
    if one[0] != other[0]:
        return [f"columns are {one[0]} and {other[0]}"]
    if len(one[1]) != len(other[1]):
        return [f"{len(one[1])} and {len(other[1])} rows"]
    faults = []
    for number, (row, its_twin) in enumerate(zip(one[1], other[1], strict=True), start=1):
        cells = zip(one[0], row, its_twin, strict=True)
        faults += [f"row {number}, {name}: {a!r} and {b!r}" for name, a, b in cells if not same(a, b)]
    return faults[:3]


def same(a, b):
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=0.0) or a == b
    return type(a) is type(b) and a == b


def the_check_can_fail():
    """A comparison that sees no differences would let every query pass."""
    table = (["x", "y"], [[1.0, "a"], [None, ["b", 2.0]]])
    others = [
        (["x", "z"], table[1]),
        (["x", "y"], table[1][:1]),
        (["x", "y"], [[1.0 + 2e-9, "a"], table[1][1]]),
        (["x", "y"], [table[1][0], [0.0, ["b", 2.0]]]),
        (["x", "y"], [table[1][0], [None, ["b", 2.1]]]),
    ]
    seen = [bool(differences(table, other)) for other in others]
    summary = (["x", "x_of_summary"], [[1.0, 1.1]])
    if differences(table, table) or not all(seen) or not faults_of_answer(summary) or not faults_of_answer((["x"], [])):
        sys.exit("queries_check.py does not see what it has to see")


if __name__ == "__main__":
    main()
