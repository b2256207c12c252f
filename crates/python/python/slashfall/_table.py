"""A table of a result, for whatever library reads Arrow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _engine
from ._problems import printable

if TYPE_CHECKING:
    import pandas
    import polars
    import pyarrow
    from typing_extensions import CapsuleType


class Table:
    """Rows and columns in the memory of the engine.

    Libraries that know the Arrow PyCapsule protocol take it as it is, without a copy:
    `polars.DataFrame(rows)`, `pyarrow.table(rows)`, DuckDB's `SELECT * FROM rows` for a variable
    of that name; the methods `to_...` do so too, and import the library when they are called.
    """

    __slots__ = ("_engine", "_name")

    def __init__(self, engine: _engine.Table, name: str) -> None:
        self._engine = engine
        self._name = name

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> CapsuleType:
        return self._engine.__arrow_c_stream__(requested_schema)

    def __arrow_c_schema__(self) -> CapsuleType:
        return self._engine.__arrow_c_schema__()

    @property
    def num_rows(self) -> int:
        """Number of rows."""
        return self._engine.num_rows

    @property
    def column_names(self) -> list[str]:
        """Names of the columns, in order."""
        return self._engine.column_names

    @property
    def metadata(self) -> dict[str, str]:
        """What the table says of itself: program, seed, digests, definitions."""
        return dict(self._engine.metadata)

    def __len__(self) -> int:
        return self.num_rows

    def __repr__(self) -> str:
        text = f"<slashfall.Table {self._name}: {self.num_rows} rows, {', '.join(self.column_names)}>"
        return printable(text)

    def to_arrow(self) -> pyarrow.Table:
        """As a table of pyarrow, which shares the memory."""
        import pyarrow

        return pyarrow.table(self)

    def to_polars(self) -> polars.DataFrame:
        """As a frame of Polars."""
        import polars

        return polars.DataFrame(self)

    def to_pandas(self, **options: Any) -> pandas.DataFrame:
        """As a frame of pandas; options are those of `pyarrow.Table.to_pandas`."""
        frame: pandas.DataFrame = self.to_arrow().to_pandas(**options)
        return frame
