//! The lock of a place that one writes at a time: an object that is there while the upload is.

use std::fs;

use chrono::Utc;

use crate::StoreError;
use crate::client::{Patience, Put};
use crate::prefix::Prefix;

/// Name of the lock.
pub(crate) const LOCK: &str = ".slashfall-writing";

/// A lock that was put by who holds it.
#[derive(Debug)]
pub(crate) struct Lock {
    text: String,
    is_taken_over: bool,
}

impl Lock {
    /// Puts the lock; takes over one that is there if asked to.
    pub(crate) async fn take(prefix: &Prefix, takes_over: bool) -> Result<Self, StoreError> {
        let text = format!("since {} by {}\n", Utc::now().to_rfc3339(), writer());
        let mut own = Self { text, is_taken_over: false };
        let key = prefix.key(LOCK)?;
        let put = prefix.client.put_new(&key, own.text.as_bytes(), Patience::Long).await;
        match put.map_err(|error| prefix.fault(&error))? {
            Put::Done => {}
            Put::WasThere(_) if takes_over => {
                let payload = own.text.clone().into_bytes().into();
                let store = prefix.client.store(Patience::Long);
                let put = store.put_opts(&key, payload, Default::default()).await;
                put.map_err(|error| prefix.fault(&error))?;
                own.is_taken_over = true;
            }
            Put::WasThere(found) => return Err(is_held(prefix, &found)),
        }
        Ok(own)
    }

    /// Whether it was another's before.
    pub(crate) fn is_taken_over(&self) -> bool {
        self.is_taken_over
    }

    /// Whether it is still the one that is there.
    pub(crate) async fn is_held(
        &self,
        prefix: &Prefix,
        patience: Patience,
    ) -> Result<bool, StoreError> {
        Ok(prefix.get(LOCK, patience).await?.is_some_and(|found| found == self.text.as_bytes()))
    }
}

/// That somebody else holds it.
pub(crate) fn is_held(prefix: &Prefix, found: &[u8]) -> StoreError {
    let words = String::from_utf8_lossy(found).trim().replace(char::is_control, " ");
    StoreError::Locked(prefix.to_string(), words)
}

/// Which process of which machine this is.
fn writer() -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let host = host.or_else(|| std::env::var("HOSTNAME").ok());
    let host = host.or_else(|| std::env::var("COMPUTERNAME").ok());
    let host = host.as_deref().map_or("a machine without a name", str::trim);
    format!("process {} of {host}", std::process::id())
}
