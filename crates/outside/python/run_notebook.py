"""Runs a notebook from end to end in its own folder, without writing to it, and prints how many figures it draws.

python run_notebook.py NOTEBOOK
"""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError


def main():
    path = Path(sys.argv[1]).resolve()
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    stored = [cell["id"] for cell in code_of(notebook) if cell.outputs or cell.execution_count is not None]
    if stored:
        sys.exit(f"{path.name}: cells are stored with what they printed: {', '.join(stored)}")
    client = NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(path.parent)}}
    )
    try:
        client.execute()
    except CellExecutionError as error:
        sys.exit(f"{path.name}: {error}")
    shown = [output for cell in code_of(notebook) for output in cell.outputs if "data" in output]
    print(f"{sum('image/png' in output.data for output in shown)} figures")


def code_of(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


if __name__ == "__main__":
    main()
