//! A folder that was written here and comes to a prefix, where it is only once its marker is.
//!
//! In this order: the lock, where the folder is of a [`Kind`] that one writes at a time; the marker of what is replaced
//! goes, then its other objects; the files come; the marker comes, if none is there; the lock goes. Where that fails,
//! what came goes again, unless others may have brought the same.

use std::ops::ControlFlow;
use std::path::PathBuf;

use object_store::path::Path as Key;
use tempfile::TempDir;

use crate::client::{Patience, Put};
use crate::lock::{self, LOCK, Lock};
use crate::prefix::{Prefix, temporary};
use crate::sending::{Sending, names_below};
use crate::{Kind, StoreError};

/// A folder on its way to a store.
#[derive(Debug)]
pub struct Upload {
    prefix: Prefix,
    kind: Kind,
    overwrite: bool,
    temporary: TempDir,
}

impl Upload {
    pub(crate) fn begin(prefix: &Prefix, kind: Kind, overwrite: bool) -> Result<Self, StoreError> {
        let upload = Self { prefix: prefix.clone(), kind, overwrite, temporary: temporary()? };
        prefix.client.wait(upload.check(None, Patience::Short))?;
        Ok(upload)
    }

    /// Where the folder is to be until it is whole.
    #[must_use]
    pub fn folder(&self) -> PathBuf {
        self.temporary.path().join("result")
    }

    /// Brings the folder there; breaks off, with nothing of it visible, once nobody waits for it any more.
    ///
    /// # Errors
    /// When somebody else writes there or was quicker, or the store does not take it.
    pub fn finish(self, is_stopped: &dyn Fn() -> bool) -> Result<ControlFlow<()>, StoreError> {
        let folder = self.folder();
        let mut names = names_below(&folder).map_err(StoreError::io(&folder))?;
        names.retain(|name| name != self.kind.marker);
        self.prefix.client.wait(async {
            match self.kind.alike {
                Some(_) => self.bring_alike(&names, is_stopped).await,
                None => self.bring_alone(&names, is_stopped).await,
            }
        })
    }

    /// Names of what is there, which must be what may be replaced or gone on with.
    async fn check(
        &self,
        lock: Option<&Lock>,
        patience: Patience,
    ) -> Result<Vec<String>, StoreError> {
        let names = self.prefix.names(patience).await?;
        let is_there = |name: &str| names.iter().any(|own| own == name);
        let place = self.prefix.to_string();
        if is_there(self.kind.marker) {
            return if self.overwrite { Ok(names) } else { Err(StoreError::Exists(place)) };
        }
        if lock.is_none() && is_there(LOCK) && !self.overwrite {
            let found = self.prefix.get(LOCK, patience).await?.unwrap_or_default();
            return Err(lock::is_held(&self.prefix, &found));
        }
        let takes_over = lock.map_or(is_there(LOCK), Lock::is_taken_over);
        let is_ours = |name: &String| {
            name == LOCK || takes_over || self.kind.alike.is_some_and(|is_alike| is_alike(name))
        };
        if names.iter().all(is_ours) {
            return Ok(names);
        }
        Err(StoreError::NotAResult(place, self.kind.marker.to_owned()))
    }

    /// Brings what others may bring too: what is there of it stays, whatever happens.
    async fn bring_alike(
        &self,
        names: &[String],
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<ControlFlow<()>, StoreError> {
        let there = self.check(None, Patience::Long).await?;
        self.clear(&there, names).await?;
        let sent = self.send(names, is_stopped).await?;
        if sent.is_continue() {
            self.mark().await?;
        }
        Ok(sent)
    }

    /// Brings what only this writer brings, under a lock.
    async fn bring_alone(
        &self,
        names: &[String],
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<ControlFlow<()>, StoreError> {
        let lock = Lock::take(&self.prefix, self.overwrite).await?;
        let (brought, is_tidy) = match self.check(Some(&lock), Patience::Long).await {
            Ok(there) => {
                let brought = self.replace(&lock, &there, names, is_stopped).await;
                let is_tidy = match &brought {
                    Ok(ControlFlow::Continue(())) | Err(StoreError::Exists(_)) => true,
                    _ => self.undo(&lock, &[&there, names].concat()).await.is_ok(),
                };
                (brought, is_tidy)
            }
            Err(error) => (Err(error), !lock.is_taken_over()),
        };
        // What is not whole and could not be removed stays locked, and can be taken over.
        if is_tidy && lock.is_held(&self.prefix, Patience::Short).await.unwrap_or(false) {
            let _ = self.remove(&[LOCK.to_owned()], Patience::Short).await;
        }
        brought
    }

    async fn replace(
        &self,
        lock: &Lock,
        there: &[String],
        names: &[String],
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<ControlFlow<()>, StoreError> {
        self.clear(there, names).await?;
        let sent = self.send(names, is_stopped).await?;
        if sent.is_continue() {
            if !lock.is_held(&self.prefix, Patience::Long).await? {
                return Err(StoreError::TakenOver(self.prefix.to_string()));
            }
            self.mark().await?;
        }
        Ok(sent)
    }

    /// Removes what is there, the marker first, but what will be written over.
    async fn clear(&self, there: &[String], names: &[String]) -> Result<(), StoreError> {
        let (marker, mut rest): (Vec<_>, Vec<_>) =
            there.iter().cloned().partition(|name| name == self.kind.marker);
        rest.retain(|name| name != LOCK && !names.contains(name));
        self.remove(&marker, Patience::Long).await?;
        self.remove(&rest, Patience::Long).await
    }

    async fn send(
        &self,
        names: &[String],
        is_stopped: &dyn Fn() -> bool,
    ) -> Result<ControlFlow<()>, StoreError> {
        Sending::new(&self.prefix, &self.folder()).send(names, is_stopped).await
    }

    /// Puts the marker, unless one is there.
    async fn mark(&self) -> Result<(), StoreError> {
        let path = self.folder().join(self.kind.marker);
        let bytes = std::fs::read(&path).map_err(StoreError::io(&path))?;
        let key = self.prefix.key(self.kind.marker)?;
        let put = self.prefix.client.put_new(&key, &bytes, Patience::Long).await;
        match put.map_err(|error| self.prefix.fault(&error))? {
            Put::Done => Ok(()),
            Put::WasThere(_) => Err(StoreError::Exists(self.prefix.to_string())),
        }
    }

    /// Removes what has come and what was to be replaced, the marker first, unless somebody else has taken the
    /// place over.
    async fn undo(&self, lock: &Lock, names: &[String]) -> Result<(), StoreError> {
        if !lock.is_held(&self.prefix, Patience::Short).await? {
            return Ok(());
        }
        self.remove(&[self.kind.marker.to_owned()], Patience::Short).await?;
        let names: Vec<String> = names.iter().filter(|name| *name != LOCK).cloned().collect();
        self.remove(&names, Patience::Short).await
    }

    async fn remove(&self, names: &[String], patience: Patience) -> Result<(), StoreError> {
        let keys: Result<Vec<Key>, _> = names.iter().map(|name| self.prefix.key(name)).collect();
        let removed = self.prefix.client.remove(&keys?, patience).await;
        removed.map_err(|error| self.prefix.fault(&error))
    }
}

#[cfg(test)]
#[path = "upload_tests.rs"]
mod tests;
