//! Files on their way to a prefix: a few at a time, large ones in pieces.

use std::cell::{Cell, RefCell};
use std::fs::{self, File};
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::future::{Either, select};
use object_store::path::Path as Key;
use object_store::{GetOptions, MultipartId};

use crate::StoreError;
use crate::client::{AT_A_TIME, Patience};
use crate::fault::is_absence;
use crate::prefix::Prefix;

/// Files as large as this go in pieces of as much: the least that S3 takes, so that a slow line brings each of
/// those that are on their way within the time of a request.
const PIECE_BYTES: usize = 5 << 20;
/// How long who breaks off waits for what is on its way, and then for the store to forget the pieces that it has.
const TIDY: Duration = Duration::from_secs(10);

/// Between two looks at whether anybody still waits.
const BETWEEN_LOOKS: Duration = Duration::from_millis(50);

/// Files of a folder on their way to a prefix.
pub(crate) struct Sending<'p> {
    prefix: &'p Prefix,
    folder: &'p Path,
    /// Those that are there in part.
    open: RefCell<Vec<(Key, MultipartId)>>,
    /// Whether no more is to be sent.
    is_over: Cell<bool>,
}

impl<'p> Sending<'p> {
    pub(crate) fn new(prefix: &'p Prefix, folder: &'p Path) -> Self {
        Self { prefix, folder, open: RefCell::default(), is_over: Cell::new(false) }
    }

    /// Sends files by their names; breaks off once nobody waits for them any more.
    pub(crate) async fn send(
        &self,
        names: &[String],
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<ControlFlow<()>, StoreError> {
        let sent = futures_util::stream::iter(names).map(|name| self.send_one(name));
        let mut sent = pin!(sent.buffer_unordered(AT_A_TIME));
        let mut stopped = pin!(until(is_stopped));
        let outcome = loop {
            match select(sent.next(), stopped.as_mut()).await {
                Either::Left((None, _)) => return Ok(ControlFlow::Continue(())),
                Either::Left((Some(Ok(())), _)) => {}
                Either::Left((Some(Err(error)), _)) => break Err(error),
                Either::Right(_) => break Ok(ControlFlow::Break(())),
            }
        };
        self.is_over.set(true);
        // What arrives after it was removed would stay.
        let rest = async { while sent.next().await.is_some() {} };
        let _ = tokio::time::timeout(TIDY, rest).await;
        self.forget().await;
        outcome
    }

    async fn send_one(&self, name: &str) -> Result<(), StoreError> {
        if self.is_over.get() {
            return Ok(());
        }
        let path = self.folder.join(name);
        let mut file = File::open(&path).map_err(StoreError::io(&path))?;
        let key = self.prefix.key(name)?;
        let first = piece(&mut file).map_err(StoreError::io(&path))?;
        if first.len() == PIECE_BYTES {
            return self.send_pieces(&path, &key, file, first).await;
        }
        let store = self.prefix.client.store(Patience::Long);
        let put = store.put_opts(&key, first.into(), Default::default()).await;
        put.map_err(|error| self.prefix.fault(&error))?;
        Ok(())
    }

    async fn send_pieces(
        &self,
        path: &Path,
        key: &Key,
        mut file: File,
        first: Vec<u8>,
    ) -> Result<(), StoreError> {
        let store = self.prefix.client.store(Patience::Long);
        let fault = |error| self.prefix.fault(&error);
        let id = store.create_multipart(key).await.map_err(fault)?;
        self.open.borrow_mut().push((key.clone(), id.clone()));
        let (mut next, mut pieces, mut bytes) = (first, Vec::new(), 0);
        while !next.is_empty() {
            if self.is_over.get() {
                return Ok(());
            }
            bytes += next.len() as u64;
            let put = store.put_part(key, &id, pieces.len(), next.into());
            pieces.push(put.await.map_err(fault)?);
            next = piece(&mut file).map_err(StoreError::io(path))?;
        }
        if let Err(error) = store.complete_multipart(key, &id, pieces).await {
            // Where the answer to a completion is lost, the next finds no upload, but an object.
            let options = GetOptions { head: true, ..GetOptions::default() };
            let there = is_absence(&error).then_some(store.get_opts(key, options));
            let size = match there {
                Some(there) => there.await.ok().map(|there| there.meta.size),
                None => None,
            };
            if size != Some(bytes) {
                return Err(fault(error));
            }
        }
        self.open.borrow_mut().retain(|(_, own)| *own != id);
        Ok(())
    }

    /// Has the store forget what is there in part.
    async fn forget(&self) {
        let open = self.open.take();
        let store = self.prefix.client.store(Patience::Short);
        for (key, id) in open {
            // What the store keeps of it is seen by nobody; rules of the bucket may clear it.
            let _ = tokio::time::timeout(TIDY, store.abort_multipart(&key, &id)).await;
        }
    }
}

/// Ends once nobody waits any more.
async fn until(is_stopped: &dyn Fn() -> bool) {
    while !is_stopped() {
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

/// The next bytes of a file, as many as go at once.
fn piece(file: &mut File) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(PIECE_BYTES as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Names of all files below a folder, with `/` in between, in order.
pub(crate) fn names_below(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    let mut open = vec![(folder.to_owned(), String::new())];
    while let Some((dir, before)) = open.pop() {
        for entry in fs::read_dir(dir)? {
            let path: PathBuf = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let name = format!("{before}{name}");
            if path.is_dir() { open.push((path, format!("{name}/"))) } else { names.push(name) }
        }
    }
    names.sort();
    Ok(names)
}
