"""What fails on the way: what passes is waited for, what does not leaves nothing that looks whole."""

import json
import shutil
import signal
import time

import pytest
from conftest import CONFIG, LOCK, RUN, SMALL, tree_of
from proxy import Answer, Cut, Drop, Slow
from test_results import assert_same


class Times:
    """Lets the first requests of each kind fail."""

    def __init__(self, n, fault, of=lambda request: True):
        self.n, self.fault, self.of, self.count = n, fault, of, {}

    def __call__(self, request):
        if not self.of(request):
            return None
        kind = (request.method, request.key, request.query.get("partNumber"), "uploads" in request.query)
        self.count[kind] = self.count.get(kind, 0) + 1
        return self.fault if self.count[kind] <= self.n else None


@pytest.mark.parametrize(
    "fault",
    [Answer(503, "SlowDown"), Answer(500), Answer(429, "TooManyRequests"), Drop(), Drop(after=True), Slow(0.3)],
    ids=repr,
)
def test_a_failure_that_passes_is_not_seen(store, proxy, local, fault):
    proxy.fault = Times(2, fault, lambda request: request.method in ("PUT", "POST"))
    store(*RUN, "-o", store.at("whole"))
    # Pieces and markers were among those that failed.
    failed = [key for _, key, piece, _ in proxy.fault.count if piece or key.endswith("manifest.json")]
    assert len(failed) >= 3
    assert_same(store.tree("whole/"), tree_of(local))
    # What the store never said that it had begun can be ended by nobody.
    assert store.unfinished() == [] or fault == Drop(after=True)


@pytest.mark.parametrize("fault", [Answer(503, "SlowDown"), Drop(), Drop(after=True), Cut()], ids=repr)
def test_reading_goes_on_after_failures_that_pass(store, proxy, fault):
    for start, end in ((0, 200), (200, 500)):
        run = [*SMALL, "--paths-from", start, "--paths-to", end, "--set", "run.detail=paths"]
        store(*run, "-o", store.at(f"parts/{start}"))
    proxy.fault = Times(2, fault, lambda request: request.method == "GET")
    store("merge", store.at("parts"), "-q", "-o", "merged")
    assert sum(proxy.fault.count.values()) > 2 * len(proxy.fault.count) > 8
    manifest = json.loads((store.folder / "merged/manifest.json").read_text())
    assert manifest["paths"]["base"] == 500


def test_a_failure_without_end_leaves_nothing(store, proxy):
    def fault(request):
        return Answer(503, "SlowDown") if request.query.get("partNumber") == "2" else None

    proxy.fault = fault
    began = time.monotonic()
    said = store(*RUN, "-o", store.at("a"), status=1, SLASHFALL_STORE_RETRY_SECONDS="3")
    assert time.monotonic() - began < 60
    assert f"{store.at('a')}: the store cannot be reached, or does not do what it should" in said
    assert "503" in said
    assert any("paths/" in r.key for r in proxy.seen)
    assert store.names() == [] and store.unfinished() == []


def test_a_store_that_is_gone_stays_locked_until_it_is_taken_over(store, proxy):
    def fault(request):
        is_up = not any(r.key == "a/manifest.json" or r.key == "a/summary.parquet" for r in proxy.seen)
        return None if is_up else Answer(503, "SlowDown")

    proxy.fault = fault
    store(*SMALL, "-o", store.at("a"), status=1, SLASHFALL_STORE_RETRY_SECONDS="2")
    proxy.fault = None
    there = store.names("a/")
    assert LOCK in there and "summary.parquet" in there and "manifest.json" not in there
    said = store(*SMALL, "-o", store.at("a"), status=2)
    assert f"{store.at('a')} is being written since 20" in said and " by process " in said
    assert "--overwrite takes it over" in said
    assert store.names("a/") == there
    said = store("report", store.at("a"), status=2)
    assert "manifest.json" in said
    store(*SMALL, "--overwrite", "-o", store.at("a"))
    assert "manifest.json" in store.names("a/") and LOCK not in store.names("a/")


def stopped(store, proxy, *args):
    """A run that hears of Ctrl-C while its files are on their way."""
    proxy.fault = lambda request: Slow(3.0) if request.method == "PUT" and not request.is_conditional else None
    run = store.start(*args, "-o", store.at("a"))
    deadline = time.monotonic() + 60
    # The first files are there, and others are not.
    while not [name for name in store.names("a/") if name != LOCK]:
        assert time.monotonic() < deadline and run.poll() is None
        time.sleep(0.05)
    sent = time.monotonic()
    run.send_signal(signal.SIGINT)
    said = store.end(run, status=4)
    assert time.monotonic() - sent < 10
    return said


def test_what_is_interrupted_leaves_nothing(store, proxy):
    args = [arg for arg in RUN if arg != "--quiet"]
    said = stopped(store, proxy, *args)
    assert said.rstrip().endswith("nothing was written")
    proxy.fault = None
    # Nothing that was on its way comes late.
    time.sleep(4)
    assert store.names() == []
    assert store.unfinished() == []


def test_a_part_that_is_interrupted_is_not_seen_and_gone_on_with(store, proxy):
    args = [arg for arg in RUN if arg != "--quiet"]
    said = stopped(store, proxy, *args, "--paths-to", 20_000)
    assert said.rstrip().endswith("nothing was written")
    assert "part.json" not in store.names("a/")
    proxy.fault = None
    store(*RUN, "--paths-to", 20_000, "-o", store.at("a"))
    assert "part.json" in store.names("a/")


@pytest.mark.parametrize("name", ["TERM", "KILL"])
def test_a_run_goes_on_with_what_it_has_kept_in_the_store(store, proxy, name):
    run = ["run", CONFIG, "--paths", 400_000, "--set", "run.detail=summary"]
    store(*run, "--quiet", "-o", store.at("whole"))
    often = [*run, "--checkpoint", "0.05", "-o", store.at("often")]
    stopped = store.start(*often)
    deadline = time.monotonic() + 60
    while "checkpoint.json" not in store.names("often.unfinished/"):
        assert time.monotonic() < deadline and stopped.poll() is None
        time.sleep(0.01)
    stopped.send_signal(getattr(signal, "SIG" + name))
    if name == "TERM":
        said = store.end(stopped, status=4)
        assert "--resume" in said and store.at("often.unfinished") in said
    else:
        stopped.communicate(timeout=60)
        shutil.rmtree(store.temporary)
        store.temporary.mkdir()
    assert store.names("often/") == []
    # Not without being asked, and not as another run.
    assert "--resume" in store(*often, status=2)
    assert "run.seed" in store(*often, "--resume", "--seed", 7, status=2)
    n_kept = json.loads(store.read("often.unfinished/checkpoint.json"))["scenarios"][0]["n_paths"]
    assert 0 < n_kept < 400_000
    store(*often, "--resume")
    assert_same(store.tree("often/"), store.tree("whole/"))
    assert store.names("often.unfinished/") == []


def test_what_is_wrong_is_told_before_the_work(store, proxy):
    def said(where, status, **environment):
        began = time.monotonic()
        text = store(*SMALL, "-o", where, status=status, **environment)
        assert time.monotonic() - began < 30
        assert len(text.splitlines()) <= 2, text
        return text

    nowhere = "s3://there-is-no-such-bucket/a"
    assert f"{nowhere}: there is no such bucket" in said(nowhere, 2)
    assert f"{nowhere}: there is no such bucket" in store("merge", nowhere, "-o", "merged", status=2)
    assert f"{nowhere}: there is no such bucket" in store("report", nowhere, status=2)
    gone = said(store.at("a"), 1, AWS_ENDPOINT_URL="http://127.0.0.1:9")
    assert "the store cannot be reached" in gone
    assert "https://HOST was expected" in said(store.at("a"), 2, AWS_ENDPOINT_URL="localhost:9000")
    assert "AWS_ALLOW_HTTP=true allows it" in said(store.at("a"), 2, AWS_ALLOW_HTTP="false")
    wrong = said(store.at("a"), 2, SLASHFALL_STORE_RETRY_SECONDS="soon")
    assert "SLASHFALL_STORE_RETRY_SECONDS: found \"soon\"" in wrong
    no_role = {"AWS_METADATA_ENDPOINT": "http://127.0.0.1:9"}
    store.environment = {k: v for k, v in store.environment.items() if "ACCESS_KEY" not in k}
    assert "there are no credentials" in said(store.at("a"), 2, **no_role)
    store.environment |= {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}
    for status, code, words in (
        (403, "InvalidAccessKeyId", "does not know AWS_ACCESS_KEY_ID"),
        (403, "SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY is not the secret"),
        (403, "AccessDenied", "access is denied"),
    ):
        proxy.fault = lambda request, answer=Answer(status, code): answer
        assert words in said(store.at("a"), 2)
    # Nothing was worked for.
    assert not [r for r in proxy.seen if r.method != "GET"]


def test_parts_that_are_not_as_they_were_written_are_told(store):
    store(*SMALL, "--paths-to", 250, "-o", store.at("parts/0"))
    store(*SMALL, "--paths-from", 250, "-o", store.at("parts/1"))
    state = store.read("parts/1/scenario000.state")
    store.write("parts/1/scenario000.state", state[:-1] + bytes([state[-1] ^ 1]))
    said = store("merge", store.at("parts"), "-o", "merged", status=2)
    assert f"{store.at('parts/1/scenario000.state')}: it has changed since the part was written" in said
    store.client.delete_object(Bucket=store.bucket, Key="parts/1/scenario000.state")
    said = store("merge", store.at("parts"), "-o", "merged", status=2)
    assert f"{store.at('parts/1/scenario000.state')}: what a part has gathered was expected" in said
    store.client.delete_object(Bucket=store.bucket, Key="parts/1/part.json")
    said = store("merge", store.at("parts"), "-o", "merged", status=2)
    assert "paths 250 to 500 were expected too" in said
    said = store("merge", store.at("nowhere"), "-o", "merged", status=2)
    assert f"{store.at('nowhere')}: a part of a run with its part.json was expected" in said
    assert not (store.folder / "merged").exists()
