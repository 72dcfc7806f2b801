//! What Azure and its command line say of calls that failed.
//!
//! `az` prints no document then, only a text on standard error; the REST API answers with an object
//! that holds the error. Who kept either beside the documents has recorded that something was asked
//! for and not answered, which is not the same as something that nobody asked for.

use cloudfw_documents::manifest::{Call, CallError, Manifest, Outcome};
use serde_json::Value;

use crate::kind::Kind;

/// Longer texts are no errors.
const LONGEST: usize = 64 << 10;

/// How `az` begins to tell an error.
const ERROR: &str = "ERROR: ";

/// How `az` says that nobody is logged in, which no code tells.
const NOBODY: [&str; 2] = ["Please run 'az login'", "AADSTS"];

/// The manifest of the call that a text says has failed; none where it is another text. `document`
/// is what the text is called, where it does not say which call it is about.
pub(super) fn read(text: &str, document: &str) -> Option<Manifest> {
    if text.len() > LONGEST {
        return None;
    }
    let (code, message) = if text.trim_start().starts_with('{') {
        let answer: Value = serde_json::from_str(text).ok()?;
        let error = answer.get("error").or_else(|| answer.pointer("/0/error"))?;
        let word = |key: &str| error.get(key).and_then(Value::as_str).map(str::to_owned);
        (word("code")?, word("message").unwrap_or_default())
    } else {
        said(text)?
    };
    let (kind, subscription) = asked(&message);
    let call = match kind {
        Some(kind) => kind.call().to_owned(),
        None => format!("the call that `{document}` is the answer to"),
    };
    let outcome = outcome(&code);
    // The message names who asked, and is for nobody else.
    let error = Some(CallError { code, message: String::new() });
    let call = Call { account: subscription, call, outcome, error, ..Call::default() };
    Some(Manifest { cloud: Some("azure".to_owned()), ..Manifest::of(vec![call]) })
}

/// Whether a text is what `az` says of a call that failed.
pub(super) fn is_of_cli(text: &str) -> bool {
    text.len() <= LONGEST && said(text).is_some()
}

/// The code and the message of `ERROR: (AuthorizationFailed) The client '…' does not have …`.
/// Warnings may stand before it.
fn said(text: &str) -> Option<(String, String)> {
    let warned = |line: &&str| line.trim().is_empty() || line.starts_with("WARNING: ");
    let first = text.lines().find(|line| !warned(line))?;
    let error = first.strip_prefix(ERROR)?;
    if NOBODY.into_iter().any(|words| error.starts_with(words)) {
        return Some(("AuthenticationFailed".to_owned(), String::new()));
    }
    let (code, message) = error.strip_prefix('(')?.split_once(')')?;
    let is_code = !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_code.then(|| (code.to_owned(), message.to_owned()))
}

/// What was to be read, and of which subscription, by `… authorization to perform action
/// 'Microsoft.Network/networkSecurityGroups/read' over scope '/subscriptions/…'`.
fn asked(message: &str) -> (Option<Kind>, Option<String>) {
    let quoted = |behind: &str| {
        let (_, rest) = message.split_once(behind)?;
        rest.split_once('\'').map(|(quoted, _)| quoted)
    };
    let kind = quoted("perform action '").and_then(kind_of_action);
    let subscription = quoted("over scope '/subscriptions/");
    let subscription = subscription.and_then(|scope| scope.split('/').next());
    (kind, subscription.filter(|id| !id.is_empty()).map(str::to_owned))
}

/// The kind that an action reads.
fn kind_of_action(action: &str) -> Option<Kind> {
    let (what, verb) = action.rsplit_once('/')?;
    if verb.eq_ignore_ascii_case("read") {
        return Kind::from_arm_type(what);
    }
    let (_, asked) = what.rsplit_once('/')?;
    match asked.to_ascii_lowercase().as_str() {
        "effectivenetworksecuritygroups" => Some(Kind::EffectiveNetworkSecurityGroups),
        "effectiveroutetable" => Some(Kind::EffectiveRouteTables),
        "listnetworkmanagereffectivesecurityadminrules" => Some(Kind::SecurityAdminRules),
        _ => None,
    }
}

fn outcome(code: &str) -> Outcome {
    match code {
        "AuthenticationFailed"
        | "AuthorizationFailed"
        | "ExpiredAuthenticationToken"
        | "Forbidden"
        | "InvalidAuthenticationToken"
        | "InvalidAuthenticationTokenTenant"
        | "LinkedAccessCheckFailed"
        | "LinkedAuthorizationFailed" => Outcome::Denied,
        "SubscriptionRequestsThrottled" | "TooManyRequests" => Outcome::Throttled,
        _ => Outcome::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DENIED: &str = "The client 'a@example.com' with object id '1' does not have \
        authorization to perform action 'Microsoft.Network/networkSecurityGroups/read' over scope \
        '/subscriptions/0000-1/resourceGroups/rg' or the scope is invalid.";

    fn told(text: &str) -> Option<(Option<String>, String, Outcome, String)> {
        let manifest = read(text, "x.json")?;
        assert_eq!(manifest.cloud.as_deref(), Some("azure"));
        let call = manifest.calls.into_iter().next()?;
        let error = call.error.expect("an error");
        assert_eq!(error.message, "", "a message names who asked");
        Some((call.account, call.call, call.outcome, error.code))
    }

    #[test]
    fn what_az_says_of_a_call_is_a_failed_call() {
        let said = format!("ERROR: (AuthorizationFailed) {DENIED}\nCode: AuthorizationFailed\n");
        let denied = (
            Some("0000-1".to_owned()),
            "network nsg list".to_owned(),
            Outcome::Denied,
            "AuthorizationFailed".to_owned(),
        );
        assert_eq!(told(&said), Some(denied.clone()));
        assert_eq!(told(&format!("WARNING: old\n\n{said}")), Some(denied.clone()));
        let answered =
            format!(r#"{{"error": {{"code": "AuthorizationFailed", "message": "{DENIED}"}}}}"#);
        assert_eq!(told(&answered), Some(denied));
        let unnamed = "the call that `x.json` is the answer to";
        for (text, outcome, code) in [
            ("ERROR: (TooManyRequests) Slow", Outcome::Throttled, "TooManyRequests"),
            ("ERROR: (SubscriptionNotFound) No", Outcome::Failed, "SubscriptionNotFound"),
            (
                "ERROR: Please run 'az login' to setup account.",
                Outcome::Denied,
                "AuthenticationFailed",
            ),
            (r#"{"error": {"code": "Forbidden"}}"#, Outcome::Denied, "Forbidden"),
        ] {
            let call = (None, unnamed.to_owned(), outcome, code.to_owned());
            assert_eq!(told(text), Some(call), "{text}");
        }
    }

    #[test]
    fn actions_that_read_nothing_listed_name_their_kind_too() {
        for (action, kind) in [
            ("Microsoft.Network/virtualNetworks/read", Some(Kind::VirtualNetworks)),
            ("Microsoft.Compute/virtualMachines/read", Some(Kind::VirtualMachines)),
            (
                "Microsoft.Network/networkInterfaces/effectiveNetworkSecurityGroups/action",
                Some(Kind::EffectiveNetworkSecurityGroups),
            ),
            (
                "Microsoft.Network/networkInterfaces/effectiveRouteTable/action",
                Some(Kind::EffectiveRouteTables),
            ),
            (
                "Microsoft.Network/virtualNetworks/listNetworkManagerEffectiveSecurityAdminRules/action",
                Some(Kind::SecurityAdminRules),
            ),
            ("Microsoft.Storage/storageAccounts/read", None),
            ("Microsoft.Network/virtualNetworks/write", None),
            ("read", None),
        ] {
            assert_eq!(kind_of_action(action), kind, "{action}");
        }
    }

    #[test]
    fn other_texts_tell_of_none() {
        for text in [
            "",
            "ERROR: it went wrong",
            "ERROR: (not a code) it went wrong",
            "I saw\nERROR: (AuthorizationFailed) no",
            r#"{"error": "a word"}"#,
            r#"{"error": {"message": "no code"}}"#,
            r#"{"error": {"code": "Forbidden"}"#,
        ] {
            assert_eq!(told(text), None, "{text}");
        }
    }
}
