//! Why a call has no answer, told apart as far as it matters to what may be concluded.

use std::error::Error;

use cloudfw_documents::manifest::Outcome;
use serde_json::Value;

/// Longest message that a recording keeps, in characters.
const LONGEST_MESSAGE: usize = 400;

/// A word of more characters than this is a token, never prose.
const LONGEST_WORD: usize = 100;

/// Our code for a call that got to nobody.
pub(super) const NO_CONNECTION: &str = "NoConnection";

/// Our code for an answer that is not what it should be.
pub(super) const UNREADABLE: &str = "Unreadable";

/// AZ-75: Azure works out effective rules and routes of running machines only. How the code of its
/// refusal begins.
pub(super) const NOT_RUNNING: &str = "NicMustBeAttachedToRunningVm";

/// Azure knows the service and the subscription has never used it, so that nothing of it is there:
/// a service with resources cannot be unregistered.
pub(super) const NOT_REGISTERED: &str = "MissingSubscriptionRegistration";

/// A call that was not answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// How the call ended; never [`Outcome::Ok`].
    pub(super) outcome: Outcome,
    /// Azure's own code (`AuthorizationFailed`), or ours where it gave none.
    pub(super) code: String,
    /// Of bounded length, on one line, without tokens.
    pub(super) message: String,
}

impl Fault {
    /// A failure that we find ourselves.
    pub(super) fn failed(code: &str, message: &str) -> Self {
        Self { outcome: Outcome::Failed, code: code.to_owned(), message: harmless(message) }
    }

    /// An answer that is not what it should be.
    pub(super) fn unreadable(message: &str) -> Self {
        Self::failed(UNREADABLE, message)
    }

    /// What Azure says instead of an answer.
    pub(super) fn refused(status: u16, body: &[u8]) -> Self {
        let told: Option<Value> = serde_json::from_slice(body).ok();
        let told = told.as_ref();
        let (code, message) = told.and_then(told_error).unwrap_or_default();
        let outcome = outcome(status, &code);
        let message = match message.is_empty() {
            true if is_page(body) => "the answer is a web page, not one of Azure".to_owned(),
            _ => harmless(&message),
        };
        let code = match code.is_empty() {
            true => format!("Http{status}"),
            false => harmless(&code),
        };
        Self { outcome, code, message }
    }

    /// Without a text that nobody may read.
    pub(super) fn without(self, secret: &str) -> Self {
        let clean = |text: String| match secret.is_empty() {
            true => text,
            false => text.replace(secret, "…"),
        };
        Self { code: clean(self.code), message: clean(self.message), ..self }
    }

    /// What the network says.
    pub(super) fn of_network(error: reqwest::Error) -> Self {
        // An address may hold the token of a page.
        let error = error.without_url();
        let code = match () {
            () if error.is_timeout() => "Timeout",
            () if error.is_connect() => NO_CONNECTION,
            () => UNREADABLE,
        };
        Self::failed(code, &chain(&error))
    }
}

/// The code and the message of an error as ARM, Resource Graph and the sign-in write them. What
/// stands deepest tells most.
fn told_error(body: &Value) -> Option<(String, String)> {
    let error = body.get("error").unwrap_or(body);
    let text = |value: &Value, key: &str| {
        value.get(key).and_then(Value::as_str).map(str::to_owned).unwrap_or_default()
    };
    if let Some(code) = error.as_str() {
        return Some((code.to_owned(), text(body, "error_description")));
    }
    let own = (text(error, "code"), text(error, "message"));
    (!own.0.is_empty() || !own.1.is_empty()).then_some(own)
}

fn outcome(status: u16, code: &str) -> Outcome {
    match (status, code) {
        // The last is of a subscription of another tenant than the credential: nobody here may
        // read it.
        (
            _,
            "AuthorizationFailed"
            | "LinkedAuthorizationFailed"
            | "AccessDenied"
            | "Forbidden"
            | "InvalidAuthenticationTokenTenant",
        )
        | (403, _) => Outcome::Denied,
        (429, _) => Outcome::Throttled,
        (_, code) if code.starts_with(NOT_RUNNING) => Outcome::Unsupported,
        // A cloud, or an emulator, that does not have the service. One that has it in another
        // version only has failed: there may be resources, whatever the user assumes.
        (_, "InvalidResourceType" | "InvalidResourceNamespace") | (405 | 501, _) => {
            Outcome::Unsupported
        }
        _ => Outcome::Failed,
    }
}

fn is_page(body: &[u8]) -> bool {
    let start: Vec<u8> =
        body.trim_ascii_start().iter().take(14).map(u8::to_ascii_lowercase).collect();
    start.starts_with(b"<!doctype html") || start.starts_with(b"<html")
}

/// An error with its causes, outermost first.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
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

/// One line of bounded length, without control characters and without what could be a token. The
/// parts of an id, between slashes, are words of their own.
pub(super) fn harmless(text: &str) -> String {
    let mut clean = String::new();
    let mut word = String::new();
    for character in text.chars().map(|c| if c.is_control() { ' ' } else { c }).chain([' ']) {
        if character.is_ascii_alphanumeric() || "+=_-.~".contains(character) {
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

    #[test]
    fn codes_and_states_are_told_apart() {
        let arm =
            |code: &str| format!("{{\"error\": {{\"code\": \"{code}\", \"message\": \"m\"}}}}");
        for (status, body, outcome, code) in [
            (403, arm("AuthorizationFailed"), Outcome::Denied, "AuthorizationFailed"),
            (403, String::new(), Outcome::Denied, "Http403"),
            (
                401,
                arm("InvalidAuthenticationTokenTenant"),
                Outcome::Denied,
                "InvalidAuthenticationTokenTenant",
            ),
            (401, arm("ExpiredAuthenticationToken"), Outcome::Failed, "ExpiredAuthenticationToken"),
            (429, arm("TooManyRequests"), Outcome::Throttled, "TooManyRequests"),
            (400, arm(NOT_RUNNING), Outcome::Unsupported, NOT_RUNNING),
            (404, arm("SubscriptionNotFound"), Outcome::Failed, "SubscriptionNotFound"),
            (404, arm("InvalidResourceType"), Outcome::Unsupported, "InvalidResourceType"),
            (400, arm("NoRegisteredProviderFound"), Outcome::Failed, "NoRegisteredProviderFound"),
            (500, "<html>".to_owned(), Outcome::Failed, "Http500"),
            (400, "{\"code\": \"BadRequest\"}".to_owned(), Outcome::Failed, "BadRequest"),
            (401, "{\"error\": \"invalid_grant\"}".to_owned(), Outcome::Failed, "invalid_grant"),
        ] {
            let fault = Fault::refused(status, body.as_bytes());
            assert_eq!((fault.outcome, fault.code.as_str()), (outcome, code), "{status} {body}");
        }
        let page = Fault::refused(502, b"\n<!DOCTYPE html><title>Bad Gateway</title>");
        assert_eq!(page.message, "the answer is a web page, not one of Azure");
    }

    #[test]
    fn messages_are_short_and_hold_no_token() {
        let part = "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9".repeat(4);
        let message = format!("The token\u{1b}[31m {part}.{part}.{part} is no good.");
        assert_eq!(harmless(&message), "The token [31m … is no good.");
        let scope = format!(
            "no action 'Microsoft.Network/virtualNetworks/read' over '/subscriptions/{}/resourceGroups/{}'",
            "0".repeat(36),
            "g".repeat(80)
        );
        assert_eq!(harmless(&scope), scope);
        assert_eq!(harmless(&"word ".repeat(1000)).chars().count(), LONGEST_MESSAGE + 1);
    }
}
