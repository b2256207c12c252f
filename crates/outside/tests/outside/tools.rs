//! Programs that tests of this crate need and Cargo does not bring are found or made here: the
//! release program, a Python with packages, a browser, networks.
//!
//! What is missing is a reason to skip a test on a machine of somebody's own, and a failure where
//! `SLASHFALL_SKIP_NOTHING` is 1, as in `.ci/run`. Only there, and only for root, are packages of
//! Debian installed.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// What the virtual environment has in it, and what it is made anew for.
const REQUIREMENTS: &str = include_str!("../../requirements.txt");

/// The oldest minor version of Python 3 that the packages are there for.
const OLDEST_PYTHON: u32 = 11;

/// An interpreter with the packages of `requirements.txt`, or none, with the reason printed.
///
/// The environment was made under another name: call its programs as `python -m NAME`.
pub(crate) fn python() -> Option<&'static Path> {
    static PYTHON: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    or_skip(PYTHON.get_or_init(python_with_packages))
}

/// `slashfall` in release, with object storage, built by the first who asks.
///
/// `SLASHFALL_PROGRAM` names one that is built already.
pub(crate) fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| match env::var_os("SLASHFALL_PROGRAM") {
        Some(program) => fs::canonicalize(program).unwrap(),
        None => built_program(),
    })
}

/// Chromium, or none, with the reason printed.
pub(crate) fn chromium() -> Option<&'static Path> {
    static CHROMIUM: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    or_skip(CHROMIUM.get_or_init(|| program_of_debian("chromium", "chromium")))
}

/// `ip`, with which root makes networks, or none, with the reason printed.
pub(crate) fn networks() -> Option<&'static Path> {
    static IP: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    or_skip(IP.get_or_init(|| match is_root() {
        true => program_of_debian("ip", "iproute2"),
        false => Err("only root makes networks".to_owned()),
    }))
}

/// `mount`, with which root makes small file systems, or none, with the reason printed.
pub(crate) fn mounts() -> Option<&'static Path> {
    static MOUNT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    or_skip(MOUNT.get_or_init(|| match is_root() {
        true => program_of_debian("mount", "mount"),
        false => Err("only root makes file systems".to_owned()),
    }))
}

/// The library that gives a program a clock of its own, or none, with the reason printed.
pub(crate) fn fake_clock() -> Option<&'static Path> {
    static CLOCK: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    or_skip(CLOCK.get_or_init(|| {
        program_of_debian("faketime", "faketime")?;
        // Beside it there is one for programs of one thread.
        let folders = fs::read_dir("/usr/lib").into_iter().flatten().flatten();
        let libraries = folders.map(|own| own.path().join("faketime/libfaketimeMT.so.1"));
        let found = libraries.into_iter().find(|library| library.is_file());
        found.ok_or_else(|| "faketime has no libfaketimeMT.so.1 in /usr/lib".to_owned())
    }))
}

/// The folder with the root `Cargo.toml`.
pub(crate) fn root() -> PathBuf {
    fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")).unwrap()
}

/// What a command prints; it has to succeed.
pub(crate) fn good(command: &mut Command) -> String {
    output(command).unwrap_or_else(|failure| panic!("{failure}"))
}

/// Runs tests of Python in a folder on the release program and these packages; none may be skipped.
pub(crate) fn pytest(python: &Path, folder: &Path, tests: &[&str], packages: Option<&Path>) {
    let packages: Vec<_> = packages.map(|packages| ("PYTHONPATH", packages)).into_iter().collect();
    pytest_with(python, folder, tests, &packages);
}

/// The same with this in the environment.
pub(crate) fn pytest_with(
    python: &Path,
    folder: &Path,
    tests: &[&str],
    environment: &[(&str, &Path)],
) {
    let mut command = Command::new(python);
    command.args(["-m", "pytest", "-q", "-p", "no:cacheprovider"]).args(tests).current_dir(folder);
    command.env("SLASHFALL_PROGRAM", program()).env("PYTHONDONTWRITEBYTECODE", "1");
    command.envs(environment.iter().copied());
    let said = good(&mut command);
    let last = said.lines().last().unwrap_or_default();
    assert!(last.contains(" passed") && !last.contains("skipped"), "{said}");
}

fn or_skip(found: &'static Result<PathBuf, String>) -> Option<&'static Path> {
    match found {
        Ok(path) => Some(path),
        Err(reason) if skips_nothing() => panic!("{reason}"),
        Err(reason) => {
            skipped(reason);
            None
        }
    }
}

#[expect(clippy::print_stderr, reason = "who runs the tests has to see what was not tested")]
fn skipped(reason: &str) {
    eprintln!("skipped: {reason}");
}

fn skips_nothing() -> bool {
    env::var_os("SLASHFALL_SKIP_NOTHING").is_some_and(|value| value == "1")
}

fn output(command: &mut Command) -> Result<String, String> {
    let done = command.output().map_err(|error| format!("{command:?}: {error}"))?;
    let stdout = String::from_utf8_lossy(&done.stdout).into_owned();
    if done.status.success() {
        return Ok(stdout);
    }
    let stderr = String::from_utf8_lossy(&done.stderr);
    Err(format!("{command:?}: {}\n{stdout}{stderr}", done.status))
}

fn built_program() -> PathBuf {
    let build =
        ["build", "--release", "--locked", "-p", "slashfall-cli", "--features", "object-storage"];
    let format = "--message-format=json-render-diagnostics";
    let messages = good(Command::new(env!("CARGO")).args(build).arg(format).current_dir(root()));
    let messages = messages.lines().filter_map(|line| serde_json::from_str(line).ok());
    let mut programs = messages.filter_map(|message: serde_json::Value| {
        Some(PathBuf::from(message.get("executable")?.as_str()?))
    });
    programs.next_back().expect("cargo says where it put the program")
}

/// The interpreter of `.tools/outside`, which is made where it is not there or has other packages.
///
/// One process makes it and others wait. It gets its name when it is whole.
fn python_with_packages() -> Result<PathBuf, String> {
    let tools = root().join(".tools");
    fs::create_dir_all(&tools).unwrap();
    let lock = File::create(tools.join("outside.lock")).unwrap();
    lock.lock().unwrap();
    let python = base_python()?;
    let wanted = format!("# {}{REQUIREMENTS}", output(Command::new(&python).arg("--version"))?);
    let home = tools.join("outside");
    let made_of = "made-of.txt";
    if fs::read_to_string(home.join(made_of)).is_ok_and(|there| there == wanted) {
        return Ok(interpreter(&home));
    }
    let fresh = tools.join("outside.partial");
    remove(&fresh);
    install(&python, &fresh)?;
    fs::write(fresh.join(made_of), wanted).unwrap();
    remove(&home);
    fs::rename(&fresh, &home).unwrap();
    Ok(interpreter(&home))
}

fn remove(folder: &Path) {
    if folder.exists() {
        fs::remove_dir_all(folder).unwrap();
    }
}

/// The `python3` of the path, if it is new enough and can make virtual environments.
fn base_python() -> Result<PathBuf, String> {
    let version = ["-c", "import sys, venv, ensurepip; print(sys.version_info.minor)"];
    let ask = || output(Command::new("python3").args(version));
    let minor = match ask() {
        Ok(minor) => minor,
        Err(_) if may_install() => {
            apt_get(&["python3-venv"])?;
            ask()?
        }
        Err(failure) => {
            return Err(format!("python3 with venv and pip (Debian: python3-venv): {failure}"));
        }
    };
    if minor.trim().parse::<u32>().is_ok_and(|minor| minor >= OLDEST_PYTHON) {
        return Ok("python3".into());
    }
    Err(format!("Python 3.{OLDEST_PYTHON} or newer was expected: 3.{minor}"))
}

fn install(python: &Path, home: &Path) -> Result<(), String> {
    output(Command::new(python).args(["-m", "venv"]).arg(home))?;
    let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
    let requirements = Path::new(env!("CARGO_MANIFEST_DIR")).join("requirements.txt");
    output(Command::new(interpreter(home)).args(pip).arg(requirements))
        .map_err(|failure| format!("packages from PyPI in {}: {failure}", home.display()))?;
    Ok(())
}

fn interpreter(home: &Path) -> PathBuf {
    home.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" })
}

fn program_of_debian(name: &str, package: &str) -> Result<PathBuf, String> {
    let find = || on_the_path(name);
    match find() {
        Some(path) => Ok(path),
        None if may_install() => {
            apt_get(&[package])?;
            find().ok_or_else(|| format!("the package {package} brought no program {name}"))
        }
        None => Err(format!("{name} is not on the path (Debian: {package})")),
    }
}

fn on_the_path(name: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    env::split_paths(&path).map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// Whether this machine is one to install packages of the system on.
fn may_install() -> bool {
    skips_nothing() && on_the_path("apt-get").is_some() && is_root()
}

fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn apt_get(packages: &[&str]) -> Result<(), String> {
    // Two tests that install at once would find the lock of apt taken.
    static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _alone = ONE_AT_A_TIME.lock().unwrap();
    let apt_get = || {
        let mut command = Command::new("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    output(apt_get().args(["update", "--quiet"]))?;
    let install = ["install", "--quiet", "--yes", "--no-install-recommends"];
    output(apt_get().args(install).args(packages))?;
    Ok(())
}

#[test]
fn the_environment_has_what_is_pinned() {
    let Some(python) = python() else { return };
    let frozen = ["-m", "pip", "freeze", "--disable-pip-version-check"];
    // Names of packages are the same in either case, with `_` and with `-`.
    let plain = |text: &str| text.to_lowercase().replace('_', "-");
    let there = plain(&good(Command::new(python).args(frozen)));
    let pins = REQUIREMENTS.lines().filter(|line| line.contains("=="));
    let missing = pins.filter(|pin| !there.lines().any(|line| line == plain(pin)));
    assert_eq!(missing.collect::<Vec<_>>(), Vec::<&str>::new());
}

#[test]
fn the_browser_of_the_system_shows_a_page() {
    let (Some(python), Some(chromium)) = (python(), chromium()) else { return };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/browser.py");
    let page = tempfile::NamedTempFile::with_suffix(".html").unwrap();
    fs::write(page.path(), "<title>no</title><script>document.title = 6 * 7</script>").unwrap();
    let title = good(Command::new(python).arg(script).arg(chromium).arg(page.path()));
    assert_eq!(title.trim(), "42");
}

#[test]
fn the_program_is_of_this_workspace() {
    let said = good(Command::new(program()).arg("--version"));
    assert!(said.contains(env!("CARGO_PKG_VERSION")), "{said}");
}
