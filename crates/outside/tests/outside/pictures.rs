//! The pictures of the concepts show what the engine says now.

use std::process::Command;

use crate::tools::{good, program, python, root};

#[test]
fn pictures_are_as_they_would_be_drawn() {
    let Some(python) = python() else { return };
    let script = root().join("docs/pictures/draw.py");
    good(Command::new(python).arg(script).arg(program()).arg("--check"));
}
