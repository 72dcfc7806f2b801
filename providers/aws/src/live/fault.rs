//! Why a call has no answer, told apart as far as it matters to what may be concluded.

use std::error::Error;

use aws_sdk_ec2::config::http::HttpResponse;
use aws_sdk_ec2::error::{ProvideErrorMetadata, SdkError};

use cloudfw_documents::manifest::Outcome;

use crate::outcome::outcome_of_code;

/// Longest message that a recording keeps, in characters.
const LONGEST_MESSAGE: usize = 400;

/// Our code for a call that got to nobody.
pub(super) const NO_CONNECTION: &str = "NoConnection";

/// A word of more base64 characters than this is a token or an encoded policy, never prose.
const LONGEST_WORD: usize = 100;

/// What kept a call from being answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FaultKind {
    /// The caller may not ask.
    Denied,
    /// Asked too often, also after waiting.
    Throttled,
    /// An emulator does not have the call.
    Unsupported,
    /// Anything else: the network, a body cut short, an error of the service.
    Failed,
    /// The caller's credentials ran out: nothing more can be asked.
    Expired,
}

/// A call that was not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) kind: FaultKind,
    /// The service's own code (`UnauthorizedOperation`), or ours where it gave none.
    pub(super) code: String,
    /// Of bounded length, on one line, without tokens.
    pub(super) message: String,
}

impl Fault {
    /// A failure that we find ourselves.
    pub(super) fn failed(code: &str, message: &str) -> Self {
        Self { kind: FaultKind::Failed, code: code.to_owned(), message: harmless(message) }
    }

    /// Sorts what the SDK says of a call to `host`.
    pub(super) fn of<E>(error: &SdkError<E, HttpResponse>, host: &str) -> Self
    where
        E: Error + ProvideErrorMetadata + 'static,
    {
        match error {
            SdkError::ServiceError(refused) => {
                let answer = Refusal {
                    status: refused.raw().status().as_u16(),
                    code: refused.err().code(),
                    message: refused.err().message(),
                    body: refused.raw().body().bytes().unwrap_or_default(),
                    aws: is_aws(host),
                };
                answer.fault().unwrap_or_else(|| Self::failed("Unreadable", &chain(refused.err())))
            }
            SdkError::TimeoutError(_) => Self::failed("Timeout", &chain(error)),
            SdkError::DispatchFailure(failure) if failure.is_timeout() => {
                Self::failed("Timeout", &chain(error))
            }
            SdkError::DispatchFailure(failure) => {
                let cause = failure.as_connector_error().map_or_else(|| chain(error), |e| chain(e));
                Self::failed(NO_CONNECTION, &cause)
            }
            _ => Self::failed("Unreadable", &chain(error)),
        }
    }
}

/// An error as it came over the wire.
struct Refusal<'a> {
    status: u16,
    code: Option<&'a str>,
    message: Option<&'a str>,
    body: &'a [u8],
    /// Whether AWS itself was asked, and not an emulator.
    aws: bool,
}

impl Refusal<'_> {
    /// Nothing for a good answer that could not be read.
    fn fault(&self) -> Option<Fault> {
        let kind = self.kind()?;
        let code = self.code.map_or_else(|| format!("Http{}", self.status), harmless);
        let message = match self.message {
            Some(message) => harmless(message),
            None if self.is_page() => "the answer is a web page, not an answer of EC2".to_owned(),
            None => String::new(),
        };
        Some(Fault { kind, code, message })
    }

    fn kind(&self) -> Option<FaultKind> {
        if matches!(
            self.code,
            Some(
                "ExpiredToken"
                    | "ExpiredTokenException"
                    | "RequestExpired"
                    | "TokenRefreshRequired"
            )
        ) {
            return Some(FaultKind::Expired);
        }
        let kind = match self.code.and_then(outcome_of_code) {
            Some(Outcome::Denied) => FaultKind::Denied,
            Some(Outcome::Throttled) => FaultKind::Throttled,
            Some(Outcome::Unsupported) => FaultKind::Unsupported,
            Some(Outcome::Ok | Outcome::Failed) | None => match self.status {
                200..=299 => return None,
                429 => FaultKind::Throttled,
                // LocalStack's word for a call that it does not have.
                501 => FaultKind::Unsupported,
                // Moto's: a page of its web framework. From AWS it would be a proxy that failed.
                500 if self.is_page() && !self.aws => FaultKind::Unsupported,
                401 | 403 if self.code.is_none() => FaultKind::Denied,
                _ => FaultKind::Failed,
            },
        };
        Some(kind)
    }

    fn is_page(&self) -> bool {
        let start: Vec<u8> =
            self.body.trim_ascii_start().iter().take(14).map(u8::to_ascii_lowercase).collect();
        start.starts_with(b"<!doctype html") || start.starts_with(b"<html")
    }
}

/// Whether a host name is one of AWS's own, in any partition.
fn is_aws(host: &str) -> bool {
    const OWN: [&str; 9] = [
        "amazonaws.com",
        "amazonaws.com.cn",
        "amazonaws.eu",
        "amazonwebservices.com.cn",
        "api.aws",
        "c2s.ic.gov",
        "cloud.adc-e.uk",
        "csp.hci.ic.gov",
        "sc2s.sgov.gov",
    ];
    let own = |name: &str| host.strip_suffix(name).is_some_and(|rest| rest.ends_with('.'));
    OWN.into_iter().any(own)
}

/// An error with its causes, outermost first.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.ends_with(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}

/// One line of bounded length, without control characters and without what could be a token.
pub(super) fn harmless(text: &str) -> String {
    // A signature that does not match comes back with the whole request that was signed.
    let text = text.split("The Canonical String").next().unwrap_or_default();
    let mut clean = String::new();
    let mut word = String::new();
    for character in text.chars().map(|c| if c.is_control() { ' ' } else { c }).chain([' ']) {
        if character.is_ascii_alphanumeric() || "+/=_-".contains(character) {
            word.push(character);
            continue;
        }
        clean.push_str(if word.len() > LONGEST_WORD { "…" } else { &word });
        clean.push(character);
        word.clear();
    }
    let clean = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    match clean.char_indices().nth(LONGEST_MESSAGE) {
        Some((end, _)) => clean.get(..end).unwrap_or_default().to_owned() + "…",
        None => clean,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(status: u16, code: Option<&str>, body: &str) -> Option<FaultKind> {
        Refusal { status, code, message: None, body: body.as_bytes(), aws: false }.kind()
    }

    #[test]
    fn codes_and_states_are_told_apart() {
        let page = "\n<!DOCTYPE HTML PUBLIC><title>500 Internal Server Error</title>";
        for (status, code, body, expected) in [
            (403, Some("UnauthorizedOperation"), "", FaultKind::Denied),
            (401, Some("AuthFailure"), "", FaultKind::Denied),
            (503, Some("RequestLimitExceeded"), "", FaultKind::Throttled),
            (400, Some("RequestExpired"), "", FaultKind::Expired),
            (400, Some("InvalidAction"), "", FaultKind::Unsupported),
            (501, Some("InternalFailure"), "", FaultKind::Unsupported),
            (500, None, page, FaultKind::Unsupported),
            (502, None, page, FaultKind::Failed),
            (500, Some("InternalError"), "", FaultKind::Failed),
            (500, None, "", FaultKind::Failed),
            (400, Some("InvalidParameterValue"), "", FaultKind::Failed),
        ] {
            assert_eq!(kind(status, code, body), Some(expected), "{status} {code:?}");
        }
        assert_eq!(kind(200, None, "<cut"), None);
        let proxy =
            Refusal { status: 500, code: None, message: None, body: page.as_bytes(), aws: true };
        assert_eq!(proxy.kind(), Some(FaultKind::Failed));
    }

    #[test]
    fn hosts_of_aws_are_known() {
        assert!(is_aws("ec2.eu-west-1.amazonaws.com") && is_aws("ec2.eu-west-1.api.aws"));
        assert!(!is_aws("127.0.0.1") && !is_aws("evilamazonaws.com") && !is_aws(""));
    }

    #[test]
    fn messages_are_short_and_hold_no_token() {
        let token = "FwoGZXIvYXdzE".repeat(40);
        let message =
            format!("You may not.\u{1b}[31m Encoded authorization failure message: {token}.");
        assert_eq!(
            harmless(&message),
            "You may not. [31m Encoded authorization failure message: …."
        );
        assert_eq!(
            harmless("no match. The Canonical String was x-amz-security-token:abc"),
            "no match."
        );
        assert_eq!(harmless(&"word ".repeat(1000)).chars().count(), LONGEST_MESSAGE + 1);
    }
}
