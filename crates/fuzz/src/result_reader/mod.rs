//! One file of a result, of a folder of caps or of a part of a run, among files as they are written:
//! what reads them takes it or says what is wrong.

mod made;
mod read;

use std::fs;

use crate::folder::written;
use made::{MADE, PARTS};

/// The file alone is changed.
pub(crate) const PLAIN: u8 = 0;
/// What guards it against change is put right.
pub(crate) const MENDED: u8 = 1;
/// The same, of a state that is packed already.
pub(crate) const PACKED: u8 = 2;

/// Takes a file: a byte that says which, one that says what else is changed, and the file.
pub fn take(bytes: &[u8]) {
    let [which, how, file @ ..] = bytes else { return };
    MADE.with(|made| {
        let (name, kept) = &made.files[usize::from(*which) % made.files.len()];
        let path = made.dir.path().join(name);
        match how % 3 {
            PLAIN => written(fs::write(&path, file), &path),
            how => made.put_mended(name, file, how == PACKED),
        }
        if name.starts_with(PARTS) {
            read::merged(made);
        } else {
            read::asked(made, name);
        }
        written(fs::write(&path, kept), &path);
        made.put_back_guards(name);
    });
}

/// The byte that says that an input is of the file of this name.
pub(crate) fn place_of(name: &str) -> u8 {
    let place = MADE.with(|made| made.files.iter().position(|(own, _)| own == name));
    place.and_then(|place| u8::try_from(place).ok()).expect("a file of those that are made")
}

/// Every file as it is written; manifests and what is compressed as if by hand too.
pub fn seeds() -> Vec<(String, Vec<u8>)> {
    MADE.with(|made| {
        let mut seeds = Vec::new();
        for (which, (name, bytes)) in made.files.iter().enumerate() {
            let which = u8::try_from(which).unwrap_or_default();
            let flat = name.replace('/', "-");
            seeds.push((flat.clone(), [&[which, PLAIN], bytes.as_slice()].concat()));
            if let Some(open) = made::opened(name, bytes) {
                let bytes = [&[which, MENDED], open.as_slice()].concat();
                seeds.push((format!("{flat}-mended"), bytes));
            }
        }
        seeds
    })
}
