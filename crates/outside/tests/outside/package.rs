//! The Python package of this workspace, where tests can import it: built by the first who asks,
//! and put beside the build instead of into the environment, which stays what is pinned.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::tools::{good, root};

/// A folder for `PYTHONPATH` from which `import slashfall` takes the package.
///
/// `SLASHFALL_PACKAGE` names one that is there already.
pub(crate) fn package(python: &Path) -> &'static Path {
    static PACKAGE: OnceLock<PathBuf> = OnceLock::new();
    PACKAGE.get_or_init(|| match env::var_os("SLASHFALL_PACKAGE") {
        Some(folder) => fs::canonicalize(folder).unwrap(),
        None => built_package(python),
    })
}

fn built_package(python: &Path) -> PathBuf {
    let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("package");
    if home.exists() {
        fs::remove_dir_all(&home).unwrap();
    }
    let wheel = built_wheel(python, &home.join("wheels"));
    let installed = home.join("installed");
    install(python, &wheel, &installed);
    installed
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
