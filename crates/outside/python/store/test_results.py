"""Results and parts in a store are those of folders, and are there only when they are whole."""

import json
import re
from pathlib import Path

from conftest import CONFIG, LOCK, PATHS, ROOT, RUN, SMALL, tree_of
from proxy import Slow

# What two runs of one command differ in, and what says where the result is.
OWN = {"command", "network_dir", "threads", "wall_seconds", "peak_memory_bytes", "merged_parts"}


def assert_same(tree, other):
    """Two results are one, but for how long they took and where they are."""
    assert tree.keys() == other.keys()
    different = [name for name in tree if name != "manifest.json" and tree[name] != other[name]]
    assert different == []
    one, two = (json.loads(of["manifest.json"]) for of in (tree, other))
    for manifest in (one, two):
        # A merge may name the same file by another path.
        manifest["inputs"] = [(Path(own["path"]).name, own["sha256"]) for own in manifest["inputs"]]
    assert {key: one[key] for key in one.keys() - OWN} == {key: two[key] for key in two.keys() - OWN}


def test_a_result_in_a_store_is_that_of_a_folder(store, proxy, local):
    store(*RUN, "-o", store.at("risk/whole/"))
    tree = store.tree("risk/whole/")
    assert_same(tree, tree_of(local))
    assert json.loads(tree["manifest.json"])["network_dir"] == str(ROOT / "data/networks/reference")
    large = [name for name, bytes in tree.items() if len(bytes) > 5 << 20]
    assert large != [] and all(name.startswith("paths/") for name in large)
    # In this order: the lock, the files, large ones in pieces, the marker, and the lock is gone.
    changes = [r for r in proxy.seen if r.method in ("PUT", "POST", "DELETE") and "uploads" not in r.query]
    assert changes[0].key == f"risk/whole/{LOCK}" and changes[0].is_conditional
    assert changes[-2].key == "risk/whole/manifest.json" and changes[-2].is_conditional
    assert LOCK.encode() in changes[-1].body or changes[-1].key.endswith(LOCK)
    assert not any(r.is_conditional for r in changes[1:-2])
    pieces = [r for r in changes if "partNumber" in r.query]
    assert {r.key.removeprefix("risk/whole/") for r in pieces} == set(large)
    assert max(int(r.query["partNumber"]) for r in pieces) >= 2


def test_nothing_is_there_before_it_is_whole(store, proxy):
    seen = []

    def fault(request):
        if request.method in ("PUT", "POST"):
            seen.append((request.key, store.names("a/")))
        return Slow(0.05)

    proxy.fault = fault
    store(*SMALL, "-o", store.at("a"))
    assert seen[-2][0] == "a/manifest.json"
    assert len(seen) > 4
    assert all("manifest.json" not in there for _, there in seen[:-1])
    assert all(LOCK in there for _, there in seen[1:-1])
    assert "manifest.json" in store.names("a/") and LOCK not in store.names("a/")


def part(store, where, start, end):
    bounds = ["--paths-from", start, "--paths-to", end]
    store(*RUN, *bounds, "-o", where)


def test_parts_merge_from_a_store_to_the_bytes_of_one_run(store, proxy, local):
    cuts = [0, 7_000, 15_001, PATHS]
    for number, (start, end) in enumerate(zip(cuts, cuts[1:])):
        # One of them stays on this machine.
        part(store, "part" if number == 1 else store.at(f"parts/{number}"), start, end)
    assert "part.json" in store.names("parts/0/") and LOCK not in store.names("parts/0/")
    proxy.seen.clear()
    store("merge", store.at("parts"), "part", "-q", "-o", "merged")
    assert_same(tree_of(store.folder / "merged"), tree_of(local))
    assert json.loads((store.folder / "merged/manifest.json").read_text())["merged_parts"] == 3
    # All that parts say of themselves comes first, then each part once; while one is joined the next is read.
    loaded = [r.key.removeprefix("parts/") for r in proxy.seen if r.method == "GET" and r.key]
    assert loaded[:2] == ["part.json", "0/part.json"] and loaded[2] == "2/part.json"
    content = [key for key in loaded if not key.endswith("part.json")]
    states = ["0/scenario000.state", "2/scenario000.state"]
    paths = ["0/paths/scenario000-000000000000.parquet", "2/paths/scenario000-000000015001.parquet"]
    assert sorted(content) == sorted(states + paths)
    assert [key for key in content if key in states] == states
    assert [key for key in content if key in paths] == paths
    store("merge", store.at("parts/2"), "part", store.at("parts/0"), "-q", "-o", store.at("merged"))
    assert_same(store.tree("merged/"), tree_of(local))


def test_a_page_of_a_result_in_a_store_is_that_of_a_folder(store, proxy, local):
    for name, text in tree_of(local).items():
        store.write(f"whole/{name}", text)
    manifest = json.loads(store.read("whole/manifest.json"))
    manifest["network_dir"] = str(ROOT / "data/networks/reference")
    store.write("whole/manifest.json", json.dumps(manifest))
    store("report", store.at("whole"), "-q", "-o", "store.html")
    store("report", local, "-q", "-o", "local.html")
    pages = [(store.folder / name).read_text() for name in ("store.html", "local.html")]
    named = store.at("whole")
    assert named in pages[0] and str(local) in pages[1]
    plain = [re.sub(r"slashfall replay \S+ --path", "slashfall replay RESULT --path", page) for page in pages]
    assert plain[0] == plain[1]
    # Of paths, which are large, nothing is loaded.
    assert not any("/paths/" in r.key for r in proxy.seen)


def test_a_result_that_is_there_is_kept_or_replaced_whole(store, proxy):
    store(*SMALL, "-o", store.at("a"))
    store.write("a/old.parquet", "of the old result")
    before = store.tree("a/")
    proxy.seen.clear()
    said = store(*SMALL, "--seed", 2, "-o", store.at("a"), status=2)
    assert f"{store.at('a')} exists already; choose another folder, or pass --overwrite" in said
    assert store.tree("a/") == before
    assert {r.method for r in proxy.seen} == {"GET"}
    store(*SMALL, "--seed", 2, "--overwrite", "-o", store.at("a"))
    after = store.tree("a/")
    assert after.keys() == before.keys() - {"old.parquet"}
    assert json.loads(after["manifest.json"])["seed"] == 2


def test_what_is_no_result_is_left_alone(store):
    store.write("a/notes.txt", "mine")
    for more in ([], ["--overwrite"]):
        said = store(*SMALL, *more, "-o", store.at("a"), status=2)
        assert "is not a result of this program (it has no manifest.json)" in said
        said = store(*SMALL, *more, "--paths-to", 100, "-o", store.at("a"), status=2)
        assert "is not a result of this program (it has no part.json)" in said
    assert store.tree("a/") == {"notes.txt": b"mine"}


def test_of_two_who_run_a_part_the_first_counts(store, proxy):
    run = [*SMALL, "--paths-to", 100, "-o", store.at("part")]
    store(*run)
    said = store(*run, status=2)
    assert f"{store.at('part')} exists already" in said
    first = store.tree("part/")

    def fault(request):
        if request.method == "PUT" and request.key == "late/part.json":
            store.write("late/part.json", first["part.json"])
        return None

    proxy.fault = fault
    said = store(*run[:-1], store.at("late"), status=2)
    assert f"{store.at('late')} exists already" in said
    assert store.tree("late/") == first


def test_an_unfinished_part_is_gone_on_with(store):
    store.write("part/scenario000.state", "of a machine that is gone")
    store.write("part/scenario009.state", "of another run")
    store(*SMALL, "--paths-to", 100, "-o", store.at("part"))
    names = store.names("part/")
    assert "part.json" in names and "scenario009.state" not in names
    store(*SMALL, "--paths-from", 100, "-o", store.at("rest"))
    store("merge", store.at("part"), store.at("rest"), "-q", "-o", "merged")


def test_the_bucket_itself_is_a_place(store):
    store(*SMALL, "-o", f"s3://{store.bucket}")
    assert "manifest.json" in store.names() and LOCK not in store.names()
    store("report", f"s3://{store.bucket}", "-q")
    assert (store.folder / "report.html").stat().st_size > 100_000


def put_project(store, prefix):
    """The run file and its network, beside one another as they are here."""
    store.write(f"{prefix}configs/run.toml", CONFIG.read_text())
    for file in (ROOT / "data/networks/reference").iterdir():
        store.write(f"{prefix}data/networks/reference/{file.name}", file.read_text())


FEW = ["--quiet", "--paths", 600]


def test_a_run_file_and_its_network_may_be_in_a_store(store, proxy):
    put_project(store, "project/")
    run = ["run", store.at("project/configs/run.toml"), *FEW]
    store("run", CONFIG, *FEW, "-o", "local")
    store(*run, "-o", "own")
    own, local = tree_of(store.folder / "own"), tree_of(store.folder / "local")
    assert own.keys() == local.keys()
    assert [name for name in own if name.endswith(".parquet") and own[name] != local[name]] == []
    manifest = json.loads(own["manifest.json"])
    network = store.at("project/data/networks/reference")
    assert manifest["network_dir"] == network
    named = [entry["path"] for entry in manifest["inputs"]]
    assert named[0] == store.at("project/configs/run.toml") and f"{network}/assets.csv" in named
    # Of the network its tables are loaded, and nothing else.
    assert not any(r.method == "GET" and r.key.endswith(".md") for r in proxy.seen)
    # A path is told and a page made with the network where it is.
    assert store("replay", "own", "--path", 7) == store("replay", "local", "--path", 7).replace("local", "own")
    store("report", "own", "-q", "-o", "own.html")
    assert "In all " in (store.folder / "own.html").read_text()
    # So are parts, and a file of this machine may name a network of a store.
    store(*run, "--paths-to", 250, "-o", store.at("parts/0"))
    name = f'network="{network}"'
    store("run", CONFIG, *FEW, "--set", name, "--paths-from", 250, "-o", "rest")
    said = store("merge", store.at("parts"), "rest", "-q", "-o", "merged", status=2)
    assert "config_sha256" in said, "the network is part of the run file"
    store(*run, "--paths-from", 250, "-o", store.at("parts/1"))
    store("merge", store.at("parts"), "-q", "-o", store.at("merged"))
    merged = store.tree("merged/")
    assert [name for name in own if name.endswith(".parquet") and own[name] != merged[name]] == []
    store("run", CONFIG, *FEW, "--set", name, "-o", "third")
    assert json.loads((store.folder / "third/manifest.json").read_text())["network_dir"] == network


def test_what_is_wrong_with_what_is_in_a_store_is_told_by_its_address(store):
    put_project(store, "")
    run = store.at("configs/run.toml")
    said = store("run", store.at("configs/no.toml"), status=2)
    assert f"{store.at('configs/no.toml')}: the run file cannot be read: it is not there" in said
    for named, told in (
        ("../data/networks/none", f"{store.at('data/networks/none')}: a network with its network.toml was expected there"),
        ("../../data", "stays in its bucket, was expected"),
        ("gs://a/b", "a folder, or s3://BUCKET/PREFIX, was expected"),
    ):
        said = store("run", run, "--set", f'network="{named}"', status=2)
        assert told in said and "1 problem" in said, said
    table = store.read("data/networks/reference/assets.csv").decode().splitlines()
    store.write("data/networks/reference/assets.csv", "\n".join([*table, table[1]]))
    said = store("run", run, status=2)
    assert "assets.csv, row " in said and "row 1 is the same" in said and str(store.temporary) not in said
    # What has changed since a run is told too.
    put_project(store, "")
    store("run", run, *FEW, "-o", "own")
    store.write("data/networks/reference/assets.csv", "\n".join(table))
    said = store("replay", "own", "--path", 1, status=2)
    assert f"{store.at('data/networks/reference/assets.csv')}: it has changed since the run" in said


def test_a_page_may_be_put_into_a_store(store, local):
    store("report", local, "-q", "-o", "page.html")
    where = store.at("pages/page.html")
    store("report", local, "-q", "-o", where)
    assert store.read("pages/page.html") == (store.folder / "page.html").read_bytes()
    store.write("pages/page.html", "old")
    said = store("report", local, "-q", "-o", where, status=2)
    assert f"{where} exists already" in said and store.read("pages/page.html") == b"old"
    store("report", local, "-q", "--overwrite", "-o", where)
    assert store.read("pages/page.html") == (store.folder / "page.html").read_bytes()
