//! Addresses of prefixes in buckets, as they are typed.

use crate::StoreError;

/// What an address looks like.
const EXPECTED: &str = "a folder, or s3://BUCKET/PREFIX, was expected";

/// A prefix in a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) bucket: String,
    /// Segments with `/` between them; empty for the whole bucket.
    pub(crate) prefix: String,
}

impl Address {
    /// The address that a text is; none where it is a folder's name.
    ///
    /// # Errors
    /// When it is meant as an address and is not one of a store.
    pub(crate) fn parse(text: &str) -> Result<Option<Self>, StoreError> {
        let wrong = |expected: String| StoreError::Address { text: text.to_owned(), expected };
        let Some((scheme, rest)) = text.split_once("://").filter(|(scheme, _)| is_scheme(scheme))
        else {
            // What took `s3://x` for a path of this machine leaves it with one slash.
            let is_collapsed = text.starts_with("s3:");
            return if is_collapsed { Err(wrong(EXPECTED.to_owned())) } else { Ok(None) };
        };
        if scheme != "s3" {
            return Err(wrong(EXPECTED.to_owned()));
        }
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        if !is_bucket(bucket) {
            return Err(wrong(format!("{EXPECTED}: the bucket is {bucket:?}")));
        }
        let has_prefix = rest.len() > bucket.len();
        if let Some(segment) = prefix.split('/').find(|own| has_prefix && !is_segment(own)) {
            return Err(wrong(format!("{EXPECTED}: a segment of the prefix is {segment:?}")));
        }
        Ok(Some(Self { bucket: bucket.to_owned(), prefix: prefix.to_owned() }))
    }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

fn is_bucket(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

/// No query, no step upwards, and nothing that would have to be told apart from what it looks like.
fn is_segment(text: &str) -> bool {
    !["", ".", ".."].contains(&text)
        && !text.contains(|c: char| c.is_control() || "?#\\*".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> Option<(String, String)> {
        Address::parse(text).unwrap().map(|own| (own.bucket, own.prefix))
    }

    #[test]
    fn addresses_are_buckets_and_prefixes() {
        let of = |bucket: &str, prefix: &str| Some((bucket.to_owned(), prefix.to_owned()));
        assert_eq!(address("s3://risk/a/b c/d"), of("risk", "a/b c/d"));
        assert_eq!(address("s3://risk.eu-1/a/"), of("risk.eu-1", "a"));
        assert_eq!(address("s3://risk"), of("risk", ""));
        assert_eq!(address("s3://risk/"), of("risk", ""));
    }

    #[test]
    fn folders_are_no_addresses() {
        for text in ["results/a", "/tmp/a", "a:b", "C:\\a", "", ".", "a?b", "s3", "x/s3://a"] {
            assert_eq!(address(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_meant_as_an_address_and_is_none_is_told() {
        let wrong = [
            "s3://",
            "s3:///a",
            "s3://b//a",
            "s3://b/a//",
            "s3://b/../a",
            "s3://b/./a",
            "s3://b/a?x=1",
            "s3://b/a#x",
            "s3://b/a\\b",
            "s3://b/a\nb",
            "s3://b/*",
            "s3://b c/a",
            "s3://-b/a",
            "s3:/b/a",
            "s3:b",
            "S3://b/a",
            "gs://b/a",
            "https://b/a",
            "file:///a",
        ];
        for text in wrong {
            let error = Address::parse(text).unwrap_err().to_string();
            let start = format!("{text}: a folder, or s3://BUCKET/PREFIX, was expected");
            assert!(error.starts_with(&start), "{error}");
        }
    }
}
