"""Results in a bucket: written by a run or by the parts of one, opened, and gone from this machine with the last reference."""

import concurrent.futures
import gc
import multiprocessing
import warnings
from pathlib import Path

import pytest
import slashfall
from conftest import CONFIG
from counting import begun, counting
from slashfall import _engine
from slashfall.distributed import run_distributed
from test_distributed import same

NETWORK = CONFIG.parents[1] / "data" / "networks" / "reference"

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture
def bucket(monkeypatch, tmp_path):
    """An address of a bucket of a store of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import boto3
        from moto.server import ThreadedMotoServer
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint = f"http://{host}:{port}"
    for name, value in {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ALLOW_HTTP": "true",
        "SLASHFALL_STORE_RETRY_SECONDS": "2",
        "TMPDIR": str(tmp_path),
    }.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3", endpoint_url=endpoint).create_bucket(Bucket="risk")
    yield "s3://risk"
    server.stop()


def test_a_result_in_a_bucket_is_that_of_a_folder(bucket, folder, tmp_path):
    where = f"{bucket}/a/b"
    change = {"set": {"run.detail": "summary"}, "paths": 300}
    ran = slashfall.run(CONFIG, where, **change)
    local = slashfall.run(CONFIG, folder / "beside the bucket", **change)
    assert ran.address == where and where in repr(ran) and local.address is None
    opened = slashfall.open(where)
    assert opened.path != ran.path
    for result in (ran, opened):
        assert result.tables == local.tables
        for name in local.tables:
            file = f"{name}.parquet"
            assert (result.path / file).read_bytes() == (local.path / file).read_bytes()
    page = opened.report(tmp_path / "page.html").read_text()
    assert where in page and str(opened.path) not in page
    there = opened.path
    assert there.is_dir()
    del result, opened
    gc.collect()
    assert not there.exists() and ran.path.is_dir()
    with pytest.raises(slashfall.InputError) as raised:
        slashfall.run(CONFIG, where, **change)
    assert raised.value.problems[0]["value"] == where


def test_what_is_wrong_with_an_address_is_told(bucket):
    for text, words in (
        ("gs://risk/a", "a folder, or s3://BUCKET/PREFIX, was expected"),
        (Path("s3://risk/a"), "a folder, or s3://BUCKET/PREFIX, was expected"),
        (f"{bucket}/nothing", "manifest.json was expected"),
        ("s3://no-such-bucket/a", "there is no such bucket"),
    ):
        with pytest.raises(slashfall.InputError, match=words):
            slashfall.open(text)
    with pytest.raises(slashfall.InputError, match="there is no such bucket"):
        slashfall.run(CONFIG, "s3://no-such-bucket/a", paths=300)


def two_processes(work, parts):
    """An engine of processes that share nothing with this one but the bucket."""
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=context) as pool:
        for done in concurrent.futures.as_completed([pool.submit(work, part) for part in parts]):
            yield done.result()


def test_a_bucket_is_the_store_of_a_distributed_run(bucket, folder, tmp_path):
    options = {"set": {"run.detail": "summary"}, "paths": 2_000, "progress": False}
    whole = slashfall.run(CONFIG, tmp_path / "whole", **options)
    log = tmp_path / "log"
    engine = counting(two_processes, log)
    # More parts than are merged here at once, so that workers merge some.
    found = run_distributed(CONFIG, engine, f"{bucket}/result", store=f"{bucket}/store", shards=40, **options)
    assert found.address == f"{bucket}/result" and found.manifest["merged_parts"] == 2
    assert same(whole, found) >= 4 and len(begun(log)) == 42
    # All is there: nothing is computed, and the parts make a result by themselves, where the network is named.
    again = run_distributed(CONFIG, engine, store=f"{bucket}/store", shards=40, **options)
    assert same(whole, again) >= 4 and len(begun(log)) == 42
    (run,) = _engine.pack(
        CONFIG,
        f"{bucket}/store",
        set=list(options["set"].items()),
        paths=2_000,
        seed=None,
        output=str(tmp_path / "other"),
        overwrite=False,
        allow_outside=False,
    )[:1]
    merged = slashfall.merge(_engine.part_places(run, [(0, 1_600), (1_600, 2_000)]), network=NETWORK)
    assert same(whole, merged) >= 4
    assert not list(tmp_path.glob("slashfall-store*")), "copies of what is in the store are gone"
