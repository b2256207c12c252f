//! The Python package does what its tests say: the wheel is built, installed beside nothing else that
//! could stand in for it, and held to the command line.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tools::{good, program, python, root};

#[test]
fn the_wheel_is_what_its_tests_say() {
    let Some(python) = python() else { return };
    let installed = tempfile::tempdir().unwrap();
    let wheel = built_wheel(python, &installed.path().join("wheels"));
    let packages = installed.path().join("packages");
    install(python, &wheel, &packages);
    let said = good(
        Command::new(python)
            .args(["-m", "pytest", "-q", "-p", "no:cacheprovider"])
            .current_dir(root().join("crates/python"))
            .env("SLASHFALL_PROGRAM", program())
            .env("PYTHONPATH", &packages)
            .env("PYTHONDONTWRITEBYTECODE", "1"),
    );
    let last = said.lines().last().unwrap_or_default();
    assert!(last.contains(" passed") && !last.contains("skipped"), "{said}");
}

/// The wheel in release, for this machine's Python and newer ones.
fn built_wheel(python: &Path, folder: &Path) -> PathBuf {
    let manifest = root().join("crates/python/Cargo.toml");
    let build = ["-m", "maturin", "build", "--release", "--quiet", "--locked", "--manifest-path"];
    good(Command::new(python).args(build).arg(manifest).arg("--out").arg(folder));
    let mut wheels = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let wheel = wheels.next().expect("maturin writes a wheel");
    let name = wheel.file_name().unwrap().to_string_lossy().into_owned();
    assert!(name.starts_with("slashfall-") && name.contains("-cp310-abi3-"), "{name}");
    wheel
}

/// Unpacks the wheel into a folder of its own: what it depends on is in the environment.
fn install(python: &Path, wheel: &Path, packages: &Path) {
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"];
    good(Command::new(python).args(pip).arg("--target").arg(packages).arg(wheel));
}
