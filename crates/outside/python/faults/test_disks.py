"""File systems that are full or read-only, made by root: what bears a name is whole, and a run goes on where there is room."""

import subprocess

import pytest
from conftest import OFTEN, files, times

FEW = 6
ARGS = ["--paths", 60_000, "--set", "run.detail=paths"]


def mounted(folder, kilobytes):
    """A file system of so many kilobytes."""
    folder.mkdir()
    size = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", folder]
    subprocess.run(size, check=True)


def remount(folder, options):
    subprocess.run(["mount", "-o", f"remount,{options}", folder], check=True)


@pytest.fixture
def small(tmp_path):
    """Makes small file systems, which go with the test."""
    made = []

    def make(kilobytes):
        folder = tmp_path / f"small{len(made)}"
        mounted(folder, kilobytes)
        made.append(folder)
        return folder

    yield make
    for folder in made:
        subprocess.run(["umount", folder], check=True)


def test_a_full_disk_costs_no_result(runs, small, chance, counted):
    whole = runs.good("whole", *ARGS)
    n_bytes = sum(len(bytes_) for bytes_ in whole.values() if isinstance(bytes_, bytes))
    done = wrong = 0
    while done < times(FEW):
        # Full anywhere between the first file and the last.
        folder = small(int(chance.uniform(0.02, 1.0) * n_bytes / 1024))
        status, said = runs.end(folder / "result", *ARGS, *OFTEN)
        if status == 0:
            # It had room after all.
            wrong += files(folder / "result") != whole
            continue
        done += 1
        wrong += (folder / "result").exists()
        assert status == 1 and said.count("No space left on device") == 1, said
        remount(folder, f"size={8 * n_bytes}")
        wrong += runs.good(folder / "result", *ARGS, *OFTEN, "--resume") != whole
    counted("a full disk", done, wrong)


def test_a_read_only_file_system_is_told(runs, small, counted):
    folder = small(1_000)
    remount(folder, "ro")
    status, said = runs.end(folder / "result", "--paths", 500)
    assert status == 1 and "Read-only file system" in said and str(folder) in said, said
    counted("a read-only file system", 1, int(any(folder.iterdir())))
