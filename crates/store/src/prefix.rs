//! A prefix in a bucket, for who reads there: objects by their names below it.

use std::fmt;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::{StreamExt, TryStreamExt};
use object_store::path::Path as Key;
use object_store::{GetOptions, PutOptions};
use tempfile::TempDir;

use crate::StoreError;
use crate::address::Address;
use crate::client::{AT_A_TIME, Client, Patience, Put};
use crate::fault::{fault, is_absence};

/// A prefix in a bucket.
#[derive(Clone, Debug)]
pub(crate) struct Prefix {
    address: Address,
    pub(crate) client: Arc<Client>,
}

impl Prefix {
    /// The store is not asked yet.
    pub(crate) fn open(address: Address) -> Result<Self, StoreError> {
        let client = Client::of_environment(&address.bucket).map_err(|why| {
            StoreError::Refused { place: format!("s3://{}", address.bucket), why }
        })?;
        Ok(Self { address, client: Arc::new(client) })
    }

    #[cfg(test)]
    pub(crate) fn of(client: &Arc<Client>, prefix: &str) -> Self {
        let address = Address { bucket: "bucket".to_owned(), prefix: prefix.to_owned() };
        Self { address, client: Arc::clone(client) }
    }

    pub(crate) fn join(&self, name: &str) -> Self {
        let Address { bucket, prefix } = self.address.clone();
        let prefix = if prefix.is_empty() { name.to_owned() } else { format!("{prefix}/{name}") };
        Self { address: Address { bucket, prefix }, client: Arc::clone(&self.client) }
    }

    pub(crate) fn with_suffix(&self, suffix: &str) -> Self {
        let Address { bucket, prefix } = self.address.clone();
        let prefix = format!("{prefix}{suffix}");
        Self { address: Address { bucket, prefix }, client: Arc::clone(&self.client) }
    }

    /// Where the object of this name is.
    pub(crate) fn key(&self, name: &str) -> Result<Key, StoreError> {
        let own = self.join(name);
        Key::parse(&own.address.prefix)
            .map_err(|error| StoreError::Refused { place: own.to_string(), why: error.to_string() })
    }

    /// What an error of the store means here.
    pub(crate) fn fault(&self, error: &object_store::Error) -> StoreError {
        fault(&self.to_string(), error)
    }

    fn own_key(&self) -> Result<Option<Key>, StoreError> {
        let is_all = self.address.prefix.is_empty();
        if is_all {
            Ok(None)
        } else {
            Key::parse(&self.address.prefix).map(Some).map_err(|error| self.fault(&error.into()))
        }
    }

    pub(crate) fn children(&self) -> Result<Vec<Self>, StoreError> {
        let mut names = self.client.wait(self.names_of_children())?;
        names.sort();
        Ok(names.iter().map(|name| self.join(name)).collect())
    }

    /// Names of the prefixes below that have an object of this name.
    pub(crate) fn children_with(&self, marker: &str) -> Result<Vec<String>, StoreError> {
        self.client.wait(async {
            let has = |name: String| async move {
                let is_there = self.has(&format!("{name}/{marker}")).await?;
                Ok(is_there.then_some(name))
            };
            let names = self.names_of_children().await?;
            let asked = futures_util::stream::iter(names).map(has).buffer_unordered(AT_A_TIME);
            asked.try_filter_map(async |name| Ok(name)).try_collect().await
        })
    }

    async fn names_of_children(&self) -> Result<Vec<String>, StoreError> {
        let own = self.own_key()?;
        let store = self.client.store(Patience::Short);
        let list = || store.list_with_delimiter(own.as_ref());
        let listed = self.client.again(Patience::Short, list).await;
        let listed = listed.map_err(|error| self.fault(&error))?;
        let names = listed.common_prefixes.iter();
        Ok(names.filter_map(|key| key.filename().map(str::to_owned)).collect())
    }

    async fn has(&self, name: &str) -> Result<bool, StoreError> {
        let key = self.key(name)?;
        let store = self.client.store(Patience::Long);
        let head = || {
            let options = GetOptions { head: true, ..Default::default() };
            store.get_opts(&key, options)
        };
        match self.client.again(Patience::Long, head).await {
            Ok(_) => Ok(true),
            Err(error) if is_absence(&error) => Ok(false),
            Err(error) => Err(self.fault(&error)),
        }
    }

    pub(crate) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.client.wait(self.get(name, Patience::Long))
    }

    /// Puts an object, where none is unless one is to be replaced.
    pub(crate) fn write(
        &self,
        name: &str,
        bytes: &[u8],
        overwrite: bool,
    ) -> Result<(), StoreError> {
        let key = self.key(name)?;
        let store = self.client.store(Patience::Long);
        let put = || store.put_opts(&key, bytes.to_vec().into(), PutOptions::default());
        let put = async {
            if overwrite {
                return self.client.again(Patience::Long, put).await.map(|_| Put::Done);
            }
            self.client.put_new(&key, bytes, Patience::Long).await
        };
        match self.client.wait(put).map_err(|error| self.fault(&error))? {
            Put::Done => Ok(()),
            Put::WasThere(_) => Err(StoreError::Exists(self.join(name).to_string())),
        }
    }

    /// Names of all objects below, in order.
    pub(crate) fn all_names(&self) -> Result<Vec<String>, StoreError> {
        self.client.wait(self.names(Patience::Long))
    }

    /// Removes objects; nothing where one is not there.
    pub(crate) fn remove_objects(&self, names: &[String]) -> Result<(), StoreError> {
        let keys: Result<Vec<Key>, _> = names.iter().map(|name| self.key(name)).collect();
        let removed = self.client.wait(self.client.remove(&keys?, Patience::Long));
        removed.map_err(|error| self.fault(&error))
    }

    /// The object of this name; none where there is none.
    pub(crate) async fn get(
        &self,
        name: &str,
        patience: Patience,
    ) -> Result<Option<Vec<u8>>, StoreError> {
        let key = self.key(name)?;
        match self.client.get(&key, patience).await {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if is_absence(&error) => Ok(None),
            Err(error) => Err(self.fault(&error)),
        }
    }

    /// Names of all objects below, in order.
    pub(crate) async fn names(&self, patience: Patience) -> Result<Vec<String>, StoreError> {
        let own = self.own_key()?;
        let store = self.client.store(patience);
        let list = || store.list(own.as_ref()).try_collect::<Vec<_>>();
        let listed = self.client.again(patience, list).await;
        let n = own.as_ref().map_or(0, |own| own.as_ref().len() + 1);
        let listed = listed.map_err(|error| self.fault(&error))?;
        let mut names: Vec<String> = listed
            .iter()
            .filter_map(|object| object.location.as_ref().get(n..))
            .map(str::to_owned)
            .collect();
        names.sort();
        Ok(names)
    }

    /// The objects that are wanted, below a folder of this machine; none where the marker is not there.
    pub(crate) fn fetched(
        &self,
        marker: &str,
        wanted: &dyn Fn(&str) -> bool,
    ) -> Result<Option<Fetched>, StoreError> {
        self.client.wait(async {
            let Some(before) = self.get(marker, Patience::Short).await? else { return Ok(None) };
            let dir = temporary()?;
            fs::write(dir.path().join(marker), &before).map_err(StoreError::io(dir.path()))?;
            let mut names = self.names(Patience::Long).await?;
            names.retain(|name| name != marker && wanted(name));
            futures_util::stream::iter(names)
                .map(|name| self.load(name, dir.path()))
                .buffer_unordered(AT_A_TIME)
                .try_collect::<Vec<()>>()
                .await?;
            // A marker goes first and comes last: what is between two that are one is of one writer.
            let after = self.get(marker, Patience::Long).await?;
            let is_same = after.is_some_and(|after| after == before);
            if is_same {
                Ok(Some(Fetched(dir)))
            } else {
                Err(StoreError::Changed(self.to_string()))
            }
        })
    }

    /// Loads an object into a file.
    async fn load(&self, name: String, dir: &Path) -> Result<(), StoreError> {
        let path = dir.join(&name);
        path.parent().map_or(Ok(()), fs::create_dir_all).map_err(StoreError::io(&path))?;
        let key = self.key(&name)?;
        let load = || self.load_into(&path, &key);
        match self.client.again(Patience::Long, load).await {
            Ok(loaded) => loaded,
            Err(error) if is_absence(&error) => Err(StoreError::Changed(self.to_string())),
            Err(error) => Err(self.fault(&error)),
        }
    }

    /// Piece by piece; an error of this machine is within, as it is not tried again.
    async fn load_into(
        &self,
        path: &Path,
        key: &Key,
    ) -> object_store::Result<Result<(), StoreError>> {
        let store = self.client.store(Patience::Long);
        let mut pieces = store.get_opts(key, GetOptions::default()).await?.into_stream();
        let io = || StoreError::io(path);
        let mut file = match fs::File::create(path) {
            Ok(file) => file,
            Err(error) => return Ok(Err(io()(error))),
        };
        while let Some(piece) = pieces.try_next().await? {
            if let Err(error) = file.write_all(&piece) {
                return Ok(Err(io()(error)));
            }
        }
        Ok(Ok(()))
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}/{}", self.address.bucket, self.address.prefix)
    }
}

/// A folder that goes with what holds it.
pub(crate) fn temporary() -> Result<TempDir, StoreError> {
    let made = tempfile::Builder::new().prefix("slashfall-").tempdir();
    made.map_err(StoreError::io(&std::env::temp_dir()))
}

/// A copy of objects, in a folder that goes with this value.
#[derive(Debug)]
pub(crate) struct Fetched(TempDir);

impl Fetched {
    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn keep(self) -> PathBuf {
        self.0.keep()
    }
}
