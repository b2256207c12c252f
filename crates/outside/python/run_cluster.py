"""Runs a file of configs/cluster as its cluster would, and says what is wrong with it or with its page of the docs.

    python run_cluster.py WHICH PROGRAM

WHICH is a name in CHECKS. What needs workers of Dask imports `slashfall` from PYTHONPATH. Results have to be those of
one run, to the byte. Prints what was compared.
"""

import itertools
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[3]
CLUSTER = ROOT / "configs" / "cluster"
PAGE = ROOT / "docs" / "recipes" / "cluster.md"

# A count that the parts do not divide.
PATHS = 5_003
PARTS = 4

# Stands in for sbatch and scancel of Slurm: notes what it is called with and starts jobs that depend on nothing.
SLURM = """\
#!{python}
import json, os, signal, shutil, subprocess, sys
from pathlib import Path

home, args = Path({home!r}), sys.argv[1:]
if Path(sys.argv[0]).name == "scancel":
    (home / "cancelled").open("a").write(args[0] + "\\n")
    try:
        os.killpg(int((home / args[0] / "pid").read_text()), signal.SIGTERM)
    except ProcessLookupError:
        sys.exit("no such job")
    sys.exit()
number = 7
while True:
    try:
        (home / str(number)).mkdir()
        break
    except FileExistsError:
        number += 1
job = home / str(number)
script = next(arg for arg in args if not arg.startswith("-"))
shutil.copy(script, job / "script")
(job / "call.json").write_text(json.dumps({{"args": args, "environment": dict(os.environ)}}))
if script == args[-1]:
    with open(job / "said", "w") as said:
        process = subprocess.Popen(["bash", job / "script"], stdout=said, stderr=said, start_new_session=True)
    (job / "pid").write_text(str(process.pid))
print(f"{{number}};cluster" if "--parsable" in args else f"Submitted batch job {{number}}")
"""

# Keys of the chart dask/dask, as far as a recipe may need them, as in dask/values.yaml and dask/templates of
# https://github.com/dask/helm-chart, its release 2024.1.1 (5654e4c) and e25bf51 of 2026-06-12 alike. Below what is None
# the chart has no keys of its own.
RESOURCES = {"requests": {"cpu": None, "memory": None}, "limits": {"cpu": None, "memory": None}}
IMAGE = {"repository": None, "tag": None, "pullPolicy": None, "pullSecrets": None}
CHART = {
    "scheduler": {"image": IMAGE, "resources": RESOURCES, "extraArgs": None, "nodeSelector": None, "tolerations": None},
    "worker": {
        "image": {**IMAGE, "dask_worker": None},
        "replicas": None,
        "threads_per_worker": None,
        "env": None,
        "extraArgs": None,
        "resources": RESOURCES,
        "mounts": {"volumes": None, "volumeMounts": None},
        "nodeSelector": None,
        "tolerations": None,
    },
    "jupyter": {"enabled": None},
}


class Wrong(Exception):
    """A file or the page is not as it has to be."""


def hold(condition, what):
    if not condition:
        raise Wrong(what)


class Case:
    """A folder with copies of configs and data, the program, and one run that the others are held to."""

    def __init__(self, folder, program):
        self.folder, self.shared, self.program = folder, folder / "shared", program
        (self.shared / "bin").mkdir(parents=True)
        (self.shared / "bin" / "slashfall").symlink_to(program)
        for name in ("configs", "data"):
            shutil.copytree(ROOT / name, self.shared / name)
        self.config = self.shared / "configs" / "quickstart.toml"
        text = self.config.read_text()
        self.config.write_text(text.replace('detail = "standard"', 'detail = "paths"'))
        hold(self.config.read_text() != text, "quickstart.toml is not as this script knows it")
        self.environment = {
            **os.environ,
            "PATH": os.pathsep.join([str(self.shared / "bin"), os.environ["PATH"]]),
            "DASK_TEMPORARY_DIRECTORY": str(folder / "dask"),
        }
        self.whole = folder / "whole"
        run = [program, "run", self.config, "--allow-outside", "--paths", PATHS, "--quiet"]
        call([*run, "--output", self.whole], self.environment)

    def compared(self, result):
        """How many files a result has that are those of one run."""
        return len(same(self.whole, result))


def same(one, other):
    """The Parquet files of two results, which have to be the same."""
    names = sorted(path.relative_to(one) for path in one.rglob("*.parquet"))
    hold(len(names) > 12, f"{one} has {len(names)} tables")
    hold(names == sorted(path.relative_to(other) for path in other.rglob("*.parquet")), f"{other} has other tables")
    for name in names:
        hold((one / name).read_bytes() == (other / name).read_bytes(), f"{name} of {other} is not that of one run")
    return names


def call(command, environment, *, folder=None, fails=False):
    """What a command prints."""
    done = subprocess.run(
        [str(word) for word in command], env=environment, cwd=folder, capture_output=True, text=True, timeout=600
    )
    said = f"{shlex.join(map(str, command))}: status {done.returncode}\n{done.stdout}{done.stderr}"
    hold((done.returncode != 0) == fails, said)
    return done.stderr if fails else done.stdout


def parts_of(folder):
    """Parts that are there, and when each was written."""
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


def slurm_array(case):
    """The script submits; its tasks, one of them twice, and its merge give the bytes of one run."""
    script = CLUSTER / "slurm-array.sh"
    slurm = Slurm(case)
    own = {"RUN": "shared/configs/quickstart.toml", "PATHS": str(PATHS), "PARTS": str(PARTS), "FOLDER": "result of it"}
    submitted = case.environment | own
    call(["bash", script], submitted, folder=case.folder)
    array, merge = slurm.calls()
    hold({"--parsable", "--export=ALL", f"--array=0-{PARTS - 1}"} <= set(array["args"]), array["args"])
    hold({"--dependency=afterok:7", "--kill-on-invalid-dep=yes", "--export=ALL"} <= set(merge["args"]), merge["args"])
    hold(array["args"][-2:] == [str(script), "part"] and merge["args"][-2:] == [str(script), "merge"], array["args"])
    cpus = re.search(r"^#SBATCH --cpus-per-task=(\d+)$", script.read_text(), re.MULTILINE).group(1)

    def task(index):
        slurms = {"SLURM_ARRAY_TASK_ID": str(index), "SLURM_CPUS_PER_TASK": cpus}
        call(["bash", script, "part"], array["environment"] | slurms, folder=case.folder)

    for index in range(PARTS):
        task(index)
    parts = case.folder / "result of it" / "parts"
    there = parts_of(parts)
    task(1)
    hold(parts_of(parts) == there, "a part that was there was computed again")
    return merged(case, parts, lambda **options: call(["bash", script, "merge"], merge["environment"], **options))


def merged(case, parts, merge):
    """Files of a merge that are those of one run. Without one of the parts it is refused, and again it does nothing."""
    hold(len(list(parts.iterdir())) == PARTS, f"{PARTS} parts were expected")
    tiles(sorted(tuple(map(int, part.name.split("-"))) for part in parts.iterdir()))
    last = max(parts.iterdir(), key=lambda part: int(part.name.split("-")[0]))
    last.rename(case.folder / "away")
    # What a task leaves that was killed, which is no part.
    (parts / f".{last.name}.partial-1").mkdir()
    (parts / f".{last.name}.partial-1" / "part.json").write_text("{")
    hold("were expected" in merge(folder=case.folder, fails=True), "a merge of some parts says what it misses")
    (case.folder / "away").rename(last)
    merge(folder=case.folder)
    merge(folder=case.folder)
    return f"{case.compared(parts.with_name('result'))} files of {PARTS} parts"


def tiles(ranges):
    """Whether each begins where the one before it ends, all are of one size, and they are the run."""
    hold(ranges[0][0] == 0 and ranges[-1][1] == PATHS, ranges)
    hold(all(one[1] == next_one[0] for one, next_one in itertools.pairwise(ranges)), ranges)
    sizes = {stop - first for first, stop in ranges}
    hold(max(sizes) - min(sizes) <= 1, ranges)


class Slurm:
    """Stand-ins for the commands of Slurm, first on the path of the case."""

    def __init__(self, case):
        self.home = case.folder / "slurm"
        commands = self.home / "bin"
        commands.mkdir(parents=True)
        (commands / "sbatch").write_text(SLURM.format(python=sys.executable, home=str(self.home)))
        (commands / "sbatch").chmod(0o755)
        (commands / "scancel").symlink_to("sbatch")
        case.environment["PATH"] = os.pathsep.join([str(commands), case.environment["PATH"]])

    def jobs(self):
        return sorted((path for path in self.home.iterdir() if path.name.isdigit()), key=lambda path: int(path.name))

    def calls(self):
        return [json.loads((job / "call.json").read_text()) for job in self.jobs()]

    def stop(self):
        for pid in self.home.glob("*/pid"):
            kill(int(pid.read_text()))


def kill(group):
    """All processes of a group, if it is there."""
    try:
        os.killpg(group, signal.SIGKILL)
    except ProcessLookupError:
        pass


def dask_slurm(case):
    """The script has jobs submitted, which run, and gives the bytes of one run; again it computes nothing."""
    slurm, store, output = Slurm(case), case.folder / "store", case.folder / "output"
    # So many that one job is too little for them, and that they are merged in steps.
    shards = 40
    own = {"RUN": case.config, "PATHS": PATHS, "SHARDS": shards, "STORE": store, "OUTPUT": output}
    own |= {"JOBS": 2, "CORES": 2}
    environment = case.environment | {key: str(value) for key, value in own.items()}
    run = [sys.executable, CLUSTER / "dask_slurm.py"]
    try:
        call(run, environment, folder=case.folder)
        jobs = slurm.jobs()
        hold(len(jobs) >= 2, f"{len(jobs)} jobs were submitted")
        for job in jobs:
            text = (job / "script").read_text()
            wanted = ["#SBATCH -n 1\n", "#SBATCH --cpus-per-task=2\n", "#SBATCH --mem=2G\n"]
            wanted += [" --nthreads 1 ", " --nworkers 2 ", f"#SBATCH -o {store}/logs/"]
            hold(all(word in text for word in wanted), text)
        cancelled = (slurm.home / "cancelled").read_text().split()
        hold(set(cancelled) == {job.name for job in jobs}, f"of {jobs} were cancelled {cancelled}")
        (parts,) = store.glob("*/parts")
        there = parts_of(parts)
        sizes = [stop - first for first, stop in (map(int, name.split("-")) for name in there)]
        hold(sum(size <= -(-PATHS // shards) for size in sizes) == shards, there)
        n_files = case.compared(output)
        shutil.rmtree(output)
        call(run, environment, folder=case.folder)
        hold(parts_of(parts) == there, "parts that were there were computed again")
        hold(case.compared(output) == n_files and len(slurm.jobs()) == len(jobs), "it is not the same again")
        return f"{n_files} files of {shards} parts, {len(jobs)} jobs"
    finally:
        slurm.stop()


def documents(name):
    return list(yaml.safe_load_all((CLUSTER / name).read_text()))


def claim():
    """Name of the volume that the pods have."""
    volume, pod = documents("kubernetes-volume.yaml")
    hold(volume["kind"] == "PersistentVolumeClaim" and volume["spec"]["accessModes"] == ["ReadWriteMany"], volume)
    mounted(pod["spec"]["volumes"], pod["spec"]["containers"][0]["volumeMounts"], volume["metadata"]["name"])
    return volume["metadata"]["name"]


def mounted(volumes, mounts, name):
    """The claim is the volume, and is where the files look for it."""
    hold(volumes == [{"name": "shared", "persistentVolumeClaim": {"claimName": name}}], volumes)
    hold(mounts == [{"name": "shared", "mountPath": "/shared"}], mounts)


def indexed_job(case):
    """The commands of the containers, run for every index, for one twice, give the bytes of one run."""
    parts, merge = documents("kubernetes-indexed-job.yaml")
    for job in (parts, merge):
        pod = job["spec"]["template"]["spec"]
        mounted(pod["volumes"], pod["containers"][0]["volumeMounts"], claim())
        hold(job["kind"] == "Job" and pod["restartPolicy"] == "Never", job)
        cpus = pod["containers"][0]["resources"]["limits"]["cpu"]
        hold(f"--threads {cpus} " in pod["containers"][0]["args"][0], f"threads are not the {cpus} of the container")
    hold(parts["spec"]["completionMode"] == "Indexed" and parts["spec"]["backoffLimitPerIndex"] >= 1, parts)
    hold(merge["spec"]["suspend"] is True, "the merge does not wait")
    own = environment_of(parts)
    hold(own["PARTS"] == str(parts["spec"]["completions"]), f"{own['PARTS']} is not completions")
    hold(own["FOLDER"] == environment_of(merge)["FOLDER"], "parts and merge have other folders")
    few = {"PATHS": str(PATHS), "PARTS": str(PARTS)}
    hold(set(few) <= set(own) and Path(own["RUN"]).name == case.config.name, own)
    for index in range(PARTS):
        contained(case, parts, few | {"JOB_COMPLETION_INDEX": str(index)})
    folder = case.shared / Path(own["FOLDER"]).relative_to("/shared") / "parts"
    there = parts_of(folder)
    contained(case, parts, few | {"JOB_COMPLETION_INDEX": "1"})
    hold(parts_of(folder) == there, "a part that was there was computed again")
    return merged(case, folder, lambda folder, **options: contained(case, merge, {}, **options))


def environment_of(job):
    variables = job["spec"]["template"]["spec"]["containers"][0]["env"]
    hold(all(isinstance(variable["value"], str) for variable in variables), "Kubernetes takes text alone")
    return {variable["name"]: variable["value"] for variable in variables}


def contained(case, job, more, **options):
    """Runs the command of a container as Kubernetes has it, with the volume where this case has it."""
    container = job["spec"]["template"]["spec"]["containers"][0]
    variables = environment_of(job) | more
    words = [expanded(word, variables) for word in container["command"] + container["args"]]
    moved = [re.sub(r"(?<![\w.])/shared\b", str(case.shared), word) for word in words]
    variables = {name: value.replace("/shared", str(case.shared)) for name, value in variables.items()}
    return call(moved, {"PATH": "/usr/bin:/bin", **variables}, folder=case.folder, **options)


def expanded(text, variables):
    """Kubernetes puts variables in the place of $(NAME), leaves what it does not know, and makes $ of $$."""

    def value(found):
        return "$" if found[0] == "$$" else variables.get(found[1], found[0])

    return re.sub(r"\$\$|\$\(([^)]*)\)", value, text)


def dask_kubernetes(case):
    """The chart has the keys; workers as it starts them, and the client of the page, give the bytes of one run."""
    (values,) = documents("dask-kubernetes.yaml")
    known(values, CHART, "values")
    worker = values["worker"]
    mounted(worker["mounts"]["volumes"], worker["mounts"]["volumeMounts"], claim())
    hold(worker["image"] == values["scheduler"]["image"], "scheduler and workers need one Dask")
    hold(values["jupyter"] == {"enabled": False} and worker["replicas"] > 1, values)
    hold(worker["resources"]["limits"] == worker["resources"]["requests"], worker["resources"])
    page = PAGE.read_text()
    release, chart = re.search(r"helm install (\S+) (\S+) --repo https://helm.dask.org ", page).groups()
    service = f"{release}-{chart}-scheduler:8786"
    # As dask/templates/dask-worker-deployment.yaml of the chart has it.
    arguments = [service, "--nthreads", str(worker["threads_per_worker"])]
    arguments += ["--memory-limit", worker["resources"]["limits"]["memory"]]
    hold(f"`dask-worker {' '.join(arguments)}`" in page, f"the page does not say dask-worker {' '.join(arguments)}")
    hold(f"deploy/{release}-{chart}-worker -- python - <<" in page, "the client is not in a worker's pod")
    arguments += ["--no-dashboard", "--dashboard-address", "8790"]
    client = re.search(r"-- python - <<'END'\n(.*?)^END$", page, re.MULTILINE | re.DOTALL).group(1)
    with Dask(case) as dask:
        for _ in range(2):
            dask.start("worker", [dask.address, *arguments[1:]])
        for old, new in [
            (f"tcp://{service}", dask.address),
            ("/shared/", f"{case.shared}/"),
            ("paths=1_000_000_000", f"paths={PATHS}"),
            ("shards=1_000,", f"shards={PARTS},"),
        ]:
            hold(old in client, f"the client of the page has no {old}")
            client = client.replace(old, new)
        call([sys.executable, "-c", client], case.environment, folder=case.folder)
    (parts,) = (case.shared / "store").glob("*/parts")
    hold(len(list(parts.iterdir())) == PARTS, f"{PARTS} parts were expected")
    return f"{case.compared(case.shared / 'results' / 'dask')} files of {PARTS} parts"


def known(values, keys, where):
    """All keys are those of the chart."""
    hold(isinstance(values, dict), f"{where} is no mapping")
    for key, value in values.items():
        hold(key in keys, f"the chart has no {where}.{key}")
        if keys[key] is not None:
            known(value, keys[key], f"{where}.{key}")


class Dask:
    """A scheduler of Dask and what is started beside it; gone with the `with`."""

    def __init__(self, case):
        self.case, self.processes = case, []
        file = case.folder / "scheduler.json"
        self.start("scheduler", ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(file)])
        deadline = time.monotonic() + 60
        while not file.exists() or not file.read_text().endswith("}"):
            hold(self.processes[0].poll() is None and time.monotonic() < deadline, "no scheduler of Dask has started")
            time.sleep(0.05)
        self.address = json.loads(file.read_text())["address"]

    def start(self, which, arguments):
        command = [sys.executable, "-m", f"distributed.cli.dask_{which}", *arguments]
        with open(self.case.folder / f"{which}.txt", "a") as said:
            process = subprocess.Popen(
                command, env=self.case.environment, stdout=said, stderr=said, start_new_session=True
            )
        self.processes.append(process)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.processes):
            kill(process.pid)
            process.wait()


def page(_case):
    """What the page says of costs follows from what was measured, and what it names is there."""
    text, measured = PAGE.read_text(), (ROOT / "docs" / "performance.md").read_text()
    found = re.search(r"1,000,000 paths, 30 days, every mechanism, [^|]*, 2 threads \| ([\d.]+) s", measured)
    seconds = 2 * float(found[1]) / 1_000_000
    hold(f"1,000,000 paths in {found[1]} s on 2 threads" in text, f"the page does not say {found[1]} s")
    micro = f"{seconds * 1e6:g}"
    hold(f"takes {micro} µs a path and core" in text, f"the page does not say {micro} µs")
    hold(f"core-hours = paths x {micro}e-6 / 3600" in text and f"in the place of {micro}e-6" in text, "formula")
    hold(f"a million paths are {micro} s of a core" in text, "seconds of a million paths")
    cores, price = re.search(r"\| Hours on (\d+) cores \| Cost at ([\d.]+) a core-hour \(example\) \|", text).groups()
    rows = re.findall(r"^\| ([\d,]+) \| ([\d.,]+) \| ([\d.,]+) \| ([\d.,]+) \|$", text, re.MULTILINE)
    hold(len(rows) >= 3 and rows[0][0] == "1,000,000,000", rows)
    for paths, *shown in rows:
        hours = int(paths.replace(",", "")) * seconds / 3600
        for cell, value in zip(shown, [hours, hours / int(cores), hours * float(price)], strict=True):
            hold(rounded(cell, value), f"{paths} paths: the page has {cell}, and {value} follows")
    named = set(re.findall(r"configs/cluster/([\w.-]+)", text))
    there = {path.name for path in CLUSTER.iterdir() if path.is_file()}
    hold(named == there, f"the page names {named}, and there are {there}")
    names = {"deploy/slashfall-dask-worker"}
    for document in documents("kubernetes-volume.yaml") + documents("kubernetes-indexed-job.yaml"):
        names.add(f"{document['kind'].lower()}/{document['metadata']['name']}")
    hold(set(re.findall(r"\b(?:job|pod|deploy)/[\w-]+", text)) <= names, "the page names what no file makes")
    for assigned, name in re.findall(r"\b((?:[A-Z]+=\S+ )+)(?:bash|python) configs/cluster/(\S+)", text):
        file = (CLUSTER / name).read_text()
        for variable in re.findall(r"([A-Z]+)=", assigned):
            there_too = f"{variable}=${{{variable}:-" in file or f'environ.get("{variable}"' in file
            hold(there_too, f"{name} has no {variable}")
    pins = (ROOT / "crates" / "outside" / "requirements.txt").read_text().split()
    pinned = re.findall(r"[\w-]+==[\d.]+", text + (CLUSTER / "dask_slurm.py").read_text())
    hold(pinned and set(pinned) <= set(pins), f"{pinned} are not what the tests run")
    return f"{len(rows)} rows, {len(there)} files"


def rounded(cell, value):
    """Whether a cell is a value with as many digits as it shows, two at least."""
    digits = cell.replace(",", "")
    decimals = len(digits.partition(".")[2])
    shown = abs(float(digits) - value)
    return shown <= 0.5 * 10**-decimals * (1 + 1e-9) or (decimals == 0 and shown <= 0.005 * value)


def the_checks_can_fail(folder):
    """A comparison that sees nothing would let every file pass."""
    one, other = folder / "one", folder / "other"
    for path in (one, other):
        path.mkdir()
        for number in range(13):
            (path / f"{number}.parquet").write_bytes(b"same")
    same(one, other)
    (other / "12.parquet").write_bytes(b"other")
    bad = [
        lambda: same(one, other),
        lambda: same(one, folder),
        lambda: tiles([(0, 2_500), (2_501, PATHS)]),
        lambda: known({"worker": {"nthreads": 1}}, CHART, "values"),
        lambda: hold(rounded("6.94", 6.9), ""),
        lambda: call([sys.executable, "-c", "raise SystemExit(3)"], dict(os.environ)),
    ]
    for number, check in enumerate(bad):
        try:
            check()
        except Wrong:
            continue
        sys.exit(f"run_cluster.py does not see what it has to see: {number}")
    hold(expanded("$((A * 2)) $(A) $$B", {"A": "7"}) == "$((A * 2)) 7 $B", "Kubernetes")


CHECKS = {
    "slurm-array": slurm_array,
    "dask-slurm": dask_slurm,
    "indexed-job": indexed_job,
    "dask-kubernetes": dask_kubernetes,
    "page": page,
}


def main():
    which, program = sys.argv[1], Path(sys.argv[2]).resolve()
    with tempfile.TemporaryDirectory() as folder:
        the_checks_can_fail(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        case = None if which == "page" else Case(Path(folder), program)
        try:
            print(CHECKS[which](case))
        except Wrong as wrong:
            sys.exit(f"{which}: {wrong}")


if __name__ == "__main__":
    main()
