//! A bucket as this program asks it: what the environment says of it, how long it is waited for, and the
//! runtime in which requests are made. No caller outside of this crate waits for more than one call.

use std::env;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey, S3ConditionalPut};
use object_store::multipart::MultipartStore;
use object_store::path::Path as Key;
use object_store::{
    BackoffConfig, ClientConfigKey, Error, GetOptions, ObjectStore, PutMode, PutPayload,
    RetryConfig,
};
use tokio::runtime::{Builder, Runtime};

use crate::fault::{is_absence, is_refusal};

/// Objects that are on their way at a time.
pub(crate) const AT_A_TIME: usize = 4;
/// What says for how many seconds a request is made again.
const RETRY_SECONDS: &str = "SLASHFALL_STORE_RETRY_SECONDS";
const DEFAULT_RETRY_SECONDS: u64 = 60;
/// Times that a request is made again where nothing has been done yet, or nothing more can be.
const SHORT_RETRIES: usize = 4;
/// Seconds in which what is not made again by itself is.
const SHORT_TIME: Duration = Duration::from_secs(5);
/// Between two tries of what is not made again by itself.
const PAUSE: Duration = Duration::from_millis(250);

/// How long a store is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Patience {
    /// Seconds: before the work, when an address may be wrong, and when a failure is tidied up.
    Short,
    /// As long as the environment says: work would be lost.
    Long,
}

/// What is asked of a store.
pub(crate) trait Objects: ObjectStore + MultipartStore {}

impl<T: ObjectStore + MultipartStore> Objects for T {}

/// What a conditional put came to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Put {
    /// The object is there, and ours.
    Done,
    /// Another was there.
    WasThere(Vec<u8>),
}

/// A bucket.
pub(crate) struct Client {
    runtime: Runtime,
    short: Arc<dyn Objects>,
    long: Arc<dyn Objects>,
    pub(crate) retry: Duration,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No more: it holds credentials.
        f.write_str("Client")
    }
}

impl Client {
    /// A bucket of the store that the environment names, which is not asked yet; or what is wrong with that.
    pub(crate) fn of_environment(bucket: &str) -> Result<Self, String> {
        let retry = retry_of_environment()?;
        // Where a program has chosen another, that one stays.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = AmazonS3Builder::from_env()
            .with_bucket_name(bucket)
            .with_conditional_put(S3ConditionalPut::ETagMatch);
        check_endpoint(&builder)?;
        let with = |max_retries| -> Result<Arc<dyn Objects>, String> {
            let config = RetryConfig {
                backoff: BackoffConfig {
                    max_backoff: Duration::from_secs(5),
                    ..Default::default()
                },
                max_retries,
                retry_timeout: retry,
            };
            let store = builder.clone().with_retry(config).build();
            Ok(Arc::new(store.map_err(|error| error.to_string())?))
        };
        Self::new(with(SHORT_RETRIES)?, with(usize::MAX)?, retry)
    }

    pub(crate) fn new(
        short: Arc<dyn Objects>,
        long: Arc<dyn Objects>,
        retry: Duration,
    ) -> Result<Self, String> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| format!("no runtime for requests: {error}"))?;
        Ok(Self { runtime, short, long, retry })
    }

    /// Waits for requests.
    pub(crate) fn wait<T>(&self, requests: impl Future<Output = T>) -> T {
        self.runtime.block_on(requests)
    }

    pub(crate) fn store(&self, patience: Patience) -> &dyn Objects {
        match patience {
            Patience::Short => &*self.short,
            Patience::Long => &*self.long,
        }
    }

    /// Puts an object where none is. The answer to a put may be lost: what is there then is ours if it says
    /// the same.
    pub(crate) async fn put_new(
        &self,
        key: &Key,
        bytes: &[u8],
        patience: Patience,
    ) -> Result<Put, Error> {
        let store = self.store(patience);
        let began = Instant::now();
        for tries in 0.. {
            let put = store.put_opts(key, PutPayload::from(bytes.to_vec()), PutMode::Create.into());
            let Err(error) = put.await else { break };
            match self.get(key, patience).await {
                Ok(found) if found == bytes => break,
                Ok(found) => return Ok(Put::WasThere(found)),
                Err(absence)
                    if is_absence(&absence) && self.goes_on(patience, &error, tries, began) => {}
                Err(_) => return Err(error),
            }
            tokio::time::sleep(PAUSE).await;
        }
        Ok(Put::Done)
    }

    /// Asks for what can be asked for again: an answer may be lost, or cut off in the middle.
    pub(crate) async fn again<T, F: Future<Output = Result<T, Error>>>(
        &self,
        patience: Patience,
        ask: impl Fn() -> F,
    ) -> Result<T, Error> {
        let began = Instant::now();
        let mut tries = 0;
        loop {
            match ask().await {
                Err(error)
                    if !is_absence(&error) && self.goes_on(patience, &error, tries, began) =>
                {
                    tracing::debug!(tries, "a request failed and is tried again: {error}");
                }
                outcome => return outcome,
            }
            tries += 1;
            tokio::time::sleep(PAUSE).await;
        }
    }

    /// Reads an object.
    pub(crate) async fn get(&self, key: &Key, patience: Patience) -> Result<Vec<u8>, Error> {
        let store = self.store(patience);
        let get = || async {
            let got = store.get_opts(key, GetOptions::default()).await?;
            Ok(got.bytes().await?.to_vec())
        };
        self.again(patience, get).await
    }

    /// Removes objects; those that are not there are removed.
    pub(crate) async fn remove(&self, keys: &[Key], patience: Patience) -> Result<(), Error> {
        let store = self.store(patience);
        let remove = || async {
            let all: Vec<_> = keys.iter().cloned().map(Ok).collect();
            let all = futures_util::stream::iter(all).boxed();
            let removed: Vec<_> = store.delete_stream(all).collect().await;
            let mut errors = removed.into_iter().filter_map(Result::err);
            errors.find(|error| !is_absence(error)).map_or(Ok(()), Err)
        };
        self.again(patience, remove).await
    }

    /// Whether what failed with this error is tried again.
    fn goes_on(&self, patience: Patience, error: &Error, tries: usize, began: Instant) -> bool {
        let (most_tries, most_time) = match patience {
            Patience::Short => (SHORT_RETRIES, SHORT_TIME.min(self.retry)),
            Patience::Long => (usize::MAX, self.retry),
        };
        !is_refusal(error) && tries < most_tries && began.elapsed() < most_time
    }
}

fn retry_of_environment() -> Result<Duration, String> {
    let Some(text) = env::var_os(RETRY_SECONDS) else {
        return Ok(Duration::from_secs(DEFAULT_RETRY_SECONDS));
    };
    let seconds = text.to_str().and_then(|text| text.parse().ok());
    let wrong =
        || format!("{RETRY_SECONDS}: found {text:?}, a whole number of seconds was expected");
    seconds.map(Duration::from_secs).ok_or_else(wrong)
}

/// That an endpoint is one, before every request fails.
fn check_endpoint(builder: &AmazonS3Builder) -> Result<(), String> {
    let of = |key| builder.get_config_value(&key);
    let s3 = of(AmazonS3ConfigKey::S3Endpoint);
    let Some(endpoint) = s3.or_else(|| of(AmazonS3ConfigKey::Endpoint)) else { return Ok(()) };
    let allow = of(AmazonS3ConfigKey::Client(ClientConfigKey::AllowHttp));
    let is_allowed =
        allow.is_some_and(|allow| ["1", "true"].contains(&allow.to_lowercase().as_str()));
    if endpoint.starts_with("https://") || (endpoint.starts_with("http://") && is_allowed) {
        return Ok(());
    }
    Err(match endpoint.starts_with("http://") {
        true => format!("the endpoint {endpoint} is not encrypted; AWS_ALLOW_HTTP=true allows it"),
        false => format!("AWS_ENDPOINT_URL: found {endpoint:?}, https://HOST was expected"),
    })
}
