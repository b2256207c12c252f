//! What is there of an upload while it goes on, and what is left when it ends, in a store in memory.

use std::cell::{Cell, RefCell};
use std::fs;
use std::ops::ControlFlow::{Break, Continue};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use object_store::memory::InMemory;
use object_store::throttle::{ThrottleConfig, ThrottledStore};

use crate::client::{Client, Patience, Put};
use crate::lock::LOCK;
use crate::prefix::Prefix;
use crate::{Kind, StoreError, Upload};

const RESULT: Kind = Kind { marker: "manifest.json", alike: None };
const PART: Kind = Kind { marker: "part.json", alike: Some(|name| name.ends_with(".state")) };

/// A store whose puts take longer than it takes to look.
fn prefix() -> Prefix {
    let config = ThrottleConfig {
        wait_put_per_call: Duration::from_millis(30),
        ..ThrottleConfig::default()
    };
    let store = Arc::new(ThrottledStore::new(InMemory::new(), config));
    let client = Client::new(store.clone(), store, Duration::from_secs(1)).unwrap();
    Prefix::of(&Arc::new(client), "a/b")
}

/// Objects that are there, looked at from where nothing can be waited for.
fn names(prefix: &Prefix) -> Vec<String> {
    prefix.names(Patience::Short).now_or_never().unwrap().unwrap()
}

/// Puts an object as another writer does: beside the one that is at work.
fn put(prefix: &Prefix, name: &str, text: &str) {
    let key = prefix.key(name).unwrap();
    let put = || {
        let other = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let store = prefix.client.store(Patience::Short);
        other.block_on(store.put_opts(&key, text.to_owned().into(), Default::default())).unwrap();
    };
    std::thread::scope(|scope| scope.spawn(put).join().unwrap());
}

fn text(prefix: &Prefix, name: &str) -> Option<String> {
    prefix.read(name).unwrap().map(|bytes| String::from_utf8(bytes).unwrap())
}

/// An upload of files that say what they are and who wrote them.
fn begun(prefix: &Prefix, kind: Kind, overwrite: bool, files: &[&str], who: &str) -> Upload {
    let upload = Upload::begin(prefix, kind, overwrite).unwrap();
    for name in files {
        let path = upload.folder().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("{name} by {who}")).unwrap();
    }
    upload
}

const FILES: [&str; 7] =
    ["manifest.json", "a.parquet", "b.parquet", "c.parquet", "d.parquet", "paths/1", "paths/2"];

#[test]
fn the_marker_comes_last_and_the_lock_goes() {
    let prefix = prefix();
    let upload = begun(&prefix, RESULT, false, &FILES, "one");
    let large = vec![7; 12 << 20];
    fs::write(upload.folder().join("paths/large"), &large).unwrap();
    let seen = RefCell::new(Vec::new());
    let look = || {
        seen.borrow_mut().push(names(&prefix));
        false
    };
    assert_eq!(upload.finish(&look).unwrap(), Continue(()));
    let seen = seen.into_inner();
    assert!(seen.iter().any(|names| names.len() > 1), "{seen:?}");
    let is_hidden = |names: &Vec<String>| {
        names.contains(&LOCK.to_owned()) && !names.contains(&RESULT.marker.to_owned())
    };
    assert!(seen.iter().all(is_hidden), "{seen:?}");
    let mut expected = [&FILES[..], &["paths/large"]].concat();
    expected.sort_unstable();
    assert_eq!(names(&prefix), expected);
    assert_eq!(text(&prefix, "paths/2").unwrap(), "paths/2 by one");
    let fetched = prefix.fetched("manifest.json", &|name| name.starts_with("paths/")).unwrap();
    let fetched = fetched.unwrap();
    assert_eq!(fs::read(fetched.path().join("paths/large")).unwrap(), large);
    assert!(!fetched.path().join("a.parquet").exists());
    assert!(fetched.path().join("manifest.json").exists());
}

#[test]
fn nothing_is_left_of_what_is_stopped() {
    let prefix = prefix();
    let upload = begun(&prefix, RESULT, false, &FILES, "one");
    let looks = Cell::new(0);
    let look = || {
        looks.set(looks.get() + 1);
        looks.get() == 2
    };
    assert_eq!(upload.finish(&look).unwrap(), Break(()));
    assert_eq!(looks.get(), 2);
    assert_eq!(names(&prefix), Vec::<String>::new());
}

#[test]
fn what_is_there_is_replaced_only_when_asked() {
    let prefix = prefix();
    assert_eq!(
        begun(&prefix, RESULT, false, &FILES, "one").finish(&|| false).unwrap(),
        Continue(())
    );
    let error = Upload::begin(&prefix, RESULT, false).unwrap_err();
    assert!(matches!(error, StoreError::Exists(_)) && error.is_input(), "{error}");
    assert!(error.to_string().starts_with("s3://bucket/a/b exists already"), "{error}");
    let second = begun(&prefix, RESULT, true, &["manifest.json", "a.parquet"], "two");
    let looks = Cell::new(0);
    let look = || {
        looks.set(looks.get() + 1);
        // What is replaced is gone before its first file is another.
        assert!(!names(&prefix).contains(&"manifest.json".to_owned()));
        false
    };
    assert_eq!(second.finish(&look).unwrap(), Continue(()));
    assert!(looks.get() > 0);
    assert_eq!(names(&prefix), ["a.parquet", "manifest.json"]);
    assert_eq!(text(&prefix, "a.parquet").unwrap(), "a.parquet by two");
}

#[test]
fn what_is_no_result_is_left_alone() {
    let prefix = prefix();
    put(&prefix, "notes.txt", "mine");
    for overwrite in [false, true] {
        let error = Upload::begin(&prefix, RESULT, overwrite).unwrap_err();
        assert!(matches!(error, StoreError::NotAResult(..)), "{error}");
        let error = Upload::begin(&prefix, PART, overwrite).unwrap_err();
        assert!(matches!(error, StoreError::NotAResult(..)), "{error}");
    }
    assert_eq!(names(&prefix), ["notes.txt"]);
}

#[test]
fn what_came_during_the_work_is_left_alone() {
    let prefix = prefix();
    let first = begun(&prefix, RESULT, false, &FILES, "one");
    let second = begun(&prefix, RESULT, false, &["manifest.json", "x"], "two");
    assert_eq!(second.finish(&|| false).unwrap(), Continue(()));
    let error = first.finish(&|| false).unwrap_err();
    assert!(matches!(error, StoreError::Exists(_)), "{error}");
    assert_eq!(names(&prefix), ["manifest.json", "x"]);
    assert_eq!(text(&prefix, "manifest.json").unwrap(), "manifest.json by two");
}

#[test]
fn a_lock_is_kept_to_and_taken_over_when_asked() {
    let prefix = prefix();
    put(&prefix, LOCK, "since yesterday by process 1 of elsewhere\n");
    put(&prefix, "left", "of a writer that is gone");
    let error = Upload::begin(&prefix, RESULT, false).unwrap_err();
    let said = "s3://bucket/a/b is being written since yesterday by process 1 of elsewhere; \
                if that writer is gone, --overwrite takes it over";
    assert_eq!(error.to_string(), said);
    let upload = begun(&prefix, RESULT, true, &["manifest.json", "a"], "one");
    assert_eq!(upload.finish(&|| false).unwrap(), Continue(()));
    assert_eq!(names(&prefix), ["a", "manifest.json"]);
}

#[test]
fn who_is_taken_over_touches_nothing_any_more() {
    let prefix = prefix();
    let upload = begun(&prefix, RESULT, false, &FILES, "one");
    let taken = Cell::new(false);
    let look = || {
        if names(&prefix).len() > 1 && !taken.replace(true) {
            put(&prefix, LOCK, "another's");
        }
        false
    };
    let error = upload.finish(&look).unwrap_err();
    assert!(matches!(error, StoreError::TakenOver(_)), "{error}");
    assert!(taken.get());
    let there = names(&prefix);
    assert!(!there.contains(&RESULT.marker.to_owned()) && there.contains(&"paths/2".to_owned()));
    assert_eq!(text(&prefix, LOCK).unwrap(), "another's");
}

#[test]
fn of_two_who_bring_a_part_the_first_counts() {
    let prefix = prefix();
    let first = begun(&prefix, PART, false, &["part.json", "0.state"], "one");
    let second = begun(&prefix, PART, false, &["part.json", "0.state"], "two");
    assert_eq!(first.finish(&|| false).unwrap(), Continue(()));
    let error = second.finish(&|| false).unwrap_err();
    assert!(matches!(error, StoreError::Exists(_)), "{error}");
    assert_eq!(text(&prefix, "part.json").unwrap(), "part.json by one");
    assert_eq!(names(&prefix), ["0.state", "part.json"]);
}

#[test]
fn an_unfinished_part_is_gone_on_with() {
    let prefix = prefix();
    put(&prefix, "2.state", "of another run");
    let stopped = begun(&prefix, PART, false, &["part.json", "0.state", "1.state"], "one");
    assert_eq!(stopped.finish(&|| true).unwrap(), Break(()));
    // What was on its way stays, for whoever may be about to finish with it.
    assert_eq!(names(&prefix), ["0.state", "1.state"]);
    put(&prefix, "1.state", "of another who is stopped");
    let again = begun(&prefix, PART, false, &["part.json", "0.state"], "two");
    assert_eq!(again.finish(&|| false).unwrap(), Continue(()));
    assert_eq!(names(&prefix), ["0.state", "part.json"]);
}

#[test]
fn a_put_whose_answer_was_lost_is_known_by_what_it_says() {
    let prefix = prefix();
    let key = prefix.key("x").unwrap();
    let put = |text: &str| {
        let put = prefix.client.put_new(&key, text.as_bytes(), Patience::Long);
        prefix.client.wait(put).unwrap()
    };
    assert_eq!(put("own"), Put::Done);
    assert_eq!(put("own"), Put::Done);
    assert_eq!(put("other"), Put::WasThere(b"own".to_vec()));
}

#[test]
fn prefixes_have_children_and_no_part_is_fetched_without_its_marker() {
    let prefix = prefix();
    for name in ["1/part.json", "0/part.json", "2/0.state", "file"] {
        put(&prefix, name, name);
    }
    let children = prefix.children().unwrap();
    let shown: Vec<String> = children.iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["s3://bucket/a/b/0", "s3://bucket/a/b/1", "s3://bucket/a/b/2"]);
    let markers: Vec<_> = children.iter().map(|own| text(own, "part.json")).collect();
    assert_eq!(markers, [Some("0/part.json".to_owned()), Some("1/part.json".to_owned()), None]);
    assert!(children[2].fetched("part.json", &|_| true).unwrap().is_none());
}
