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
    let wheels = home.join("wheels");
    let manifest = root().join("crates/python/Cargo.toml");
    let build = ["-m", "maturin", "build", "--release", "--quiet", "--locked", "--interpreter"];
    let mut maturin = Command::new(python);
    maturin.args(build).arg(python).arg("--manifest-path").arg(manifest);
    good(maturin.arg("--out").arg(&wheels));
    let built = fs::read_dir(&wheels).unwrap().map(|entry| entry.unwrap().path());
    let place = home.join("installed");
    let pip = ["-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target"];
    good(Command::new(python).args(pip).arg(&place).args(built));
    place
}
