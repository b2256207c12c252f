//! What errors of a store mean to who asked: that something is not there, that the store refuses, or that
//! it cannot be reached.

use crate::error::{StoreError, in_full};

/// Codes of answers that ask for another address or other credentials, and what to say of them.
const REFUSALS: [(&str, &str); 9] = [
    ("NoSuchBucket", "there is no such bucket"),
    ("InvalidBucketName", "the store takes no bucket of that name"),
    ("InvalidAccessKeyId", "the store does not know AWS_ACCESS_KEY_ID"),
    ("SignatureDoesNotMatch", "AWS_SECRET_ACCESS_KEY is not the secret of AWS_ACCESS_KEY_ID"),
    ("ExpiredToken", "AWS_SESSION_TOKEN has expired"),
    ("InvalidToken", "the store does not take AWS_SESSION_TOKEN"),
    ("AccessDenied", DENIED),
    ("AuthorizationHeaderMalformed", ELSEWHERE),
    ("PermanentRedirect", ELSEWHERE),
];
const DENIED: &str = "access is denied with these credentials (AWS_ACCESS_KEY_ID and so on)";
const ELSEWHERE: &str =
    "the bucket is of another region than AWS_REGION, or not behind AWS_ENDPOINT_URL";
const NO_CREDENTIALS: &str = "there are no credentials: neither AWS_ACCESS_KEY_ID and \
                              AWS_SECRET_ACCESS_KEY nor a role of this machine";

/// True where there is no such object in a bucket that is there.
pub(crate) fn is_absence(error: &object_store::Error) -> bool {
    matches!(error, object_store::Error::NotFound { .. }) && refusal(error).is_none()
}

/// True where the same request would be refused again.
pub(crate) fn is_refusal(error: &object_store::Error) -> bool {
    refusal(error).is_some()
}

fn refusal(error: &object_store::Error) -> Option<&'static str> {
    use object_store::Error::{Generic, PermissionDenied, Unauthenticated};
    let text = in_full(error);
    let is_code = |code: &str| text.contains(&format!("<Code>{code}</Code>"));
    if let Some((_, why)) = REFUSALS.iter().find(|(code, _)| is_code(code)) {
        return Some(why);
    }
    match error {
        PermissionDenied { .. } | Unauthenticated { .. } => Some(DENIED),
        Generic { .. } if text.contains("redirect without LOCATION") => Some(ELSEWHERE),
        // Where a machine is asked for the credentials of its role.
        Generic { .. } if text.contains("/latest/api/token") => Some(NO_CREDENTIALS),
        _ => None,
    }
}

/// What is said of an error.
pub(crate) fn fault(place: &str, error: &object_store::Error) -> StoreError {
    let place = place.to_owned();
    if let Some(why) = refusal(error) {
        return StoreError::Refused { place, why: why.to_owned() };
    }
    let text = in_full(error).replace('\n', " ");
    let why = format!("the store cannot be reached, or does not do what it should: {text}");
    StoreError::Failed { place, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn not_found(body: &str) -> object_store::Error {
        object_store::Error::NotFound { path: "a/b".to_owned(), source: body.to_owned().into() }
    }

    #[test]
    fn what_is_not_there_is_told_from_a_bucket_that_is_not() {
        assert!(is_absence(&not_found("<Code>NoSuchKey</Code>")));
        assert!(is_absence(&not_found("<Code>NoSuchKey</Code><Key>a/NoSuchBucket</Key>")));
        let error = not_found("<Code>NoSuchBucket</Code>");
        assert!(!is_absence(&error) && is_refusal(&error));
        let fault = fault("s3://b/a", &error);
        assert!(fault.is_input());
        assert_eq!(fault.to_string(), "s3://b/a: there is no such bucket");
    }

    #[test]
    fn what_may_pass_is_no_refusal() {
        let source =
            "Server returned non-2xx status code: 503 Service Unavailable: SlowDown".into();
        let error = object_store::Error::Generic { store: "S3", source };
        assert!(!is_refusal(&error) && !is_absence(&error));
        let fault = fault("s3://b/a", &error);
        assert!(!fault.is_input());
        assert!(fault.to_string().contains("503"), "{fault}");
    }
}
