//! Where results are: a folder on this machine, or a prefix in a bucket of an S3-compatible store.
//!
//! A [`Place`] is either; who reads asks it for files, or has it [fetched](Place::fetched) into a folder. An
//! [`Upload`] brings a folder that was written here to a prefix, where it is only once its marker is: the
//! file that a kind of folder is known by comes last, and only if it is not there yet.
//!
//! Without the feature `object-storage` an address of a store is an error that says so, and nothing else
//! of this crate is compiled.

mod address;
mod error;
mod kind;
mod place;

#[cfg(not(feature = "object-storage"))]
#[path = "absent.rs"]
mod prefix;
#[cfg(feature = "object-storage")]
mod prefix;

#[cfg(feature = "object-storage")]
mod client;
#[cfg(feature = "object-storage")]
mod fault;
#[cfg(feature = "object-storage")]
mod lock;
#[cfg(feature = "object-storage")]
mod sending;
#[cfg(feature = "object-storage")]
mod upload;

pub use error::{StoreError, in_full};
pub use kind::Kind;
pub use place::{LocalFolder, Place};
#[cfg(not(feature = "object-storage"))]
pub use prefix::Upload;
#[cfg(feature = "object-storage")]
pub use upload::Upload;
