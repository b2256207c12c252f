"""Tables are those of the files, whoever reads them, and nobody has to copy them."""

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import slashfall

TABLES = [
    "summary",
    "exceedance",
    "contributions",
    "removals",
    "sensitivities",
    "avs_rate",
    "contagion",
    "joint",
    "dependence",
    "convergence",
    "tail_paths",
    "cascade",
]


def test_all_tables_are_there(result):
    assert result.tables == TABLES


@pytest.mark.parametrize("name", TABLES)
def test_a_table_is_its_file(result, name):
    table = getattr(result, name)()
    file = pq.read_table(result.path / f"{name}.parquet")
    own = table.to_arrow()
    assert own.schema.equals(file.schema, check_metadata=True)
    assert own.equals(file)
    assert (table.num_rows, len(table)) == (file.num_rows, file.num_rows)
    assert table.column_names == file.column_names
    assert repr(table).startswith(f"<slashfall.Table {name}: {file.num_rows} rows, ")


@pytest.mark.parametrize("name", TABLES)
def test_readers_agree(result, name):
    own = result.table(name)
    file = pq.read_table(result.path / f"{name}.parquet")
    frames = {
        "pandas": own.to_pandas(),
        "pandas by itself": pd.DataFrame.from_arrow(own),
        "Polars": own.to_polars(),
        "Polars by itself": pl.DataFrame(own),
        "pyarrow": own.to_arrow(),
        "DuckDB": duckdb.sql("SELECT * FROM own").to_arrow_table(),
    }
    for reader, frame in frames.items():
        for column in file.column_names:
            assert as_list(frame, column) == file[column].to_pylist(), (reader, column)


def as_list(frame, column):
    """Values of a column, None where there is none."""
    if isinstance(frame, pa.Table):
        return frame[column].to_pylist()
    if isinstance(frame, pl.DataFrame):
        return frame[column].to_list()
    values = frame[column].tolist()
    return [plain(value) for value in values]


def plain(value):
    if isinstance(value, np.ndarray):
        return value.tolist()
    return None if value is pd.NaT or value is pd.NA or value != value else value


def test_metadata_is_that_of_the_file(result):
    metadata = result.summary().metadata
    file = pq.read_schema(result.path / "summary.parquet").metadata
    assert metadata == {key.decode(): value.decode() for key, value in file.items()}
    assert metadata["slashfall.seed"] == "5" and "slashfall.expected_shortfall" in metadata


def test_nothing_is_copied(result):
    table = result.summary()
    one, other = pa.table(table), pa.table(table)
    addresses = [
        [buffer.address for column in read.columns for chunk in column.chunks for buffer in chunk.buffers() if buffer]
        for read in (one, other)
    ]
    assert addresses[0] and addresses[0] == addresses[1]
    frame = pl.DataFrame(table)
    value = frame["value"].to_numpy(allow_copy=False)
    own = one["value"].chunk(0).to_numpy(zero_copy_only=True)
    assert value.__array_interface__["data"][0] == own.__array_interface__["data"][0]


def test_what_was_exported_outlives_the_table(result):
    table = result.cascade()
    capsule = table.__arrow_c_stream__()
    read = pa.table(table)
    expected = read.to_pylist()
    del table, capsule
    assert read.to_pylist() == expected


def test_a_stream_is_taken_once(result):
    class Once:
        def __init__(self, capsule):
            self.capsule = capsule

        def __arrow_c_stream__(self, requested_schema=None):
            return self.capsule

    once = Once(result.cascade().__arrow_c_stream__())
    assert pa.table(once).num_rows == len(result.cascade())
    with pytest.raises(ValueError, match="released"):
        pa.table(once)


def test_a_schema_can_be_had_alone(result):
    schema = pa.schema(result.joint())
    assert schema.equals(pq.read_schema(result.path / "joint.parquet"), check_metadata=True)
    assert schema.field("level").metadata[b"meaning"]


def test_a_table_that_is_not_there_is_refused(result):
    with pytest.raises(slashfall.InputError, match="summary, exceedance"):
        result.table("sumary")
    with pytest.raises(slashfall.InputError, match=r"manifest\.json"):
        slashfall.open(result.path / "nowhere")
