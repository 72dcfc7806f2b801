//! What is said of calls that failed.
//!
//! The AWS CLI prints no document then, only a line on standard error; the API and its SDKs answer
//! with an object that holds the error. Who kept either beside the documents (`2> describe-vpcs.err`,
//! `2>&1`, a response that was saved as it came) has recorded that the call was made and not
//! answered, which is not the same as a call that was never made: see [`Outcome`]. Which call it
//! was the text may not say; that something was not read it says in any case.

use crate::kind::Kind;
use cloudfw_documents::manifest::{Call, CallError, Outcome};
use serde_json::Value;

use crate::outcome::outcome_of_code;

/// Longer texts are no messages of the CLI.
const LONGEST: usize = 64 << 10;

/// How the message begins; newer versions of the CLI put their name and a level before it.
const BEGINNINGS: [&str; 2] = ["An error occurred (", "aws: [ERROR]: An error occurred ("];

/// How the CLI begins to say that it could make no call at all, or got no answer.
const NO_CALL: [&str; 11] = [
    "Unable to locate credentials",
    "Partial credentials found",
    "Could not connect to the endpoint URL",
    "Connect timeout on endpoint URL",
    "Read timeout on endpoint URL",
    "SSL validation failed",
    "Connection was closed before we received",
    "The config profile (",
    "Error when retrieving token from sso",
    "Error loading SSO Token",
    "You must specify a region",
];

/// How newer versions of the CLI begin a message.
const LEVEL: &str = "aws: [ERROR]: ";

/// How a shell ends that has no such command.
const NO_COMMAND: [&str; 2] = ["aws: command not found", "aws: not found"];

/// The calls that a text says have failed, each once; empty where it is another text. `document` is
/// what the text is called, where it does not say which call it is about.
///
/// Two kinds of lines tell of a call: the CLI's own `An error occurred (CODE) when calling the
/// DescribeVpcs operation: …`, and `aws ec2 describe-vpcs failed`, which
/// [`print_commands`](crate::print_commands) adds for failures of which the CLI does not name the
/// call. An object is the error of an API: `{"Error": {"Code": "UnauthorizedOperation", …}}`.
pub(super) fn read(text: &str, document: &str) -> Vec<Call> {
    if text.len() > LONGEST {
        return Vec::new();
    }
    if text.trim_start().starts_with('{') {
        let object = serde_json::from_str(text).ok();
        return object.iter().filter_map(error_of).map(|error| answered(error, document)).collect();
    }
    let mut calls = lines(text);
    let is_of_cli = |line: &str| {
        let line = line.trim();
        let said = line.strip_prefix(LEVEL).unwrap_or(line);
        NO_CALL.into_iter().any(|words| said.starts_with(words))
            || NO_COMMAND.into_iter().any(|words| said.ends_with(words))
    };
    if calls.is_empty() && text.lines().find(|line| !line.trim().is_empty()).is_some_and(is_of_cli)
    {
        let call = nameless(document);
        calls.push(Call { call, outcome: Outcome::Failed, ..Call::default() });
    }
    calls
}

/// What a call is called that its error does not name.
fn nameless(document: &str) -> String {
    format!("the call that `{document}` is the answer to")
}

/// The object that describes the error of an answer, as SDKs keep it, as recorders of boto write it,
/// and as the query and the JSON protocol have it.
fn error_of(answer: &Value) -> Option<&Value> {
    let below = |path: &str| answer.pointer(path).filter(|it| code(it).is_some());
    let found = ["/Error", "/data/Error", "/Response/Errors/Error", "/Errors/Error", "/Errors/0"]
        .into_iter()
        .find_map(below);
    let is_typed = answer.get("__type").is_some_and(Value::is_string);
    found.or_else(|| is_typed.then_some(answer))
}

fn code(error: &Value) -> Option<&str> {
    let code = error.get("Code").or_else(|| error.get("__type"))?.as_str()?;
    // `com.amazon.coral.service#AccessDeniedException`.
    Some(code.rsplit_once('#').map_or(code, |(_, code)| code))
}

/// The call that an error is the answer to.
fn answered(error: &Value, document: &str) -> Call {
    let code = code(error).unwrap_or_default();
    let message = error.get("Message").or_else(|| error.get("message")).and_then(Value::as_str);
    let message = message.unwrap_or_default();
    // boto's own words stand in front of the service's where the message of an exception was kept.
    if let Some(call) = refused(message) {
        return call;
    }
    let call = operation_in(message).map_or_else(|| nameless(document), call_of);
    // The message may hold tokens and is for nobody but the one who made the call.
    let told = CallError { code: code.to_owned(), message: String::new() };
    Call { call, outcome: outcome(code, message), error: Some(told), ..Call::default() }
}

/// The operation of `… is not authorized to perform: ec2:DescribeVpcs because …`.
fn operation_in(message: &str) -> Option<&str> {
    let (_, action) = message.split_once("not authorized to perform: ")?;
    let (_, operation) = action.split_once(':')?;
    let end = operation.find(|letter: char| !letter.is_ascii_alphanumeric());
    Some(end.map_or(operation, |end| operation.get(..end).unwrap_or_default()))
        .filter(|operation| !operation.is_empty())
}

fn outcome(code: &str, message: &str) -> Outcome {
    match outcome_of_code(code) {
        None if is_of_an_emulator(message) => Outcome::Unsupported,
        known => known.unwrap_or(Outcome::Failed),
    }
}

fn lines(text: &str) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    for line in text.lines() {
        let Some(call) = refused(line).or_else(|| failed(line)) else { continue };
        // The line of the shell comes last and knows least.
        if !calls.iter().any(|other| other.call == call.call) {
            calls.push(call);
        }
    }
    calls
}

/// `An error occurred (UnauthorizedOperation) when calling the DescribeVpcs operation: You …`.
fn refused(line: &str) -> Option<Call> {
    let said = BEGINNINGS.into_iter().find_map(|beginning| line.trim().strip_prefix(beginning))?;
    let (code, said) = said.split_once(") when calling the ")?;
    let (operation, message) = said.split_once(" operation")?;
    // The message may hold tokens and is for nobody but the one who made the call.
    let error = CallError { code: code.to_owned(), message: String::new() };
    let outcome = outcome(code, message);
    let call = call_of(operation);
    lists(operation).then(|| Call { call, outcome, error: Some(error), ..Call::default() })
}

/// Whether an operation reads something of an estate: `GetCallerIdentity` and what a script waits
/// for do not.
fn lists(operation: &str) -> bool {
    let reads = ["Describe", "Get", "List", "Search"];
    operation != "GetCallerIdentity" && reads.into_iter().any(|verb| operation.starts_with(verb))
}

/// The call of an operation, of a kind that cloudfw knows or not: `DescribeFlowLogs` is
/// `describe-flow-logs`.
fn call_of(operation: &str) -> String {
    if let Some(kind) = kind_of(operation) {
        return kind.call().to_owned();
    }
    let mut call = String::new();
    for (at, letter) in operation.chars().enumerate() {
        if at > 0 && letter.is_ascii_uppercase() {
            call.push('-');
        }
        call.push(letter.to_ascii_lowercase());
    }
    call
}

/// `aws ec2 describe-vpcs failed`.
fn failed(line: &str) -> Option<Call> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let ["aws", service, call, "failed"] = words.as_slice() else { return None };
    let kind = Kind::from_call(service, call)?;
    Some(Call { call: kind.call().to_owned(), outcome: Outcome::Failed, ..Call::default() })
}

/// The kind that an operation lists: `DescribeVpcs` is `describe-vpcs`.
fn kind_of(operation: &str) -> Option<Kind> {
    let is_named = |kind: &Kind| {
        let letters = kind.call().chars().filter(|letter| *letter != '-');
        letters.eq(operation.chars().map(|letter| letter.to_ascii_lowercase()))
    };
    Kind::ALL.into_iter().find(is_named)
}

/// LocalStack says `InternalFailure` of calls that it does not have, and this.
fn is_of_an_emulator(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["not yet implemented", "not been implemented", "not implemented"]
        .into_iter()
        .any(|words| message.contains(words))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(String, Outcome, String)> {
        let code = |call: &Call| call.error.clone().map_or_else(String::new, |error| error.code);
        let calls = read(text, "x.json").into_iter();
        calls.map(|call| (call.call.clone(), call.outcome, code(&call))).collect()
    }

    fn one(text: &str) -> (String, Outcome, String) {
        let mut calls = told(text);
        assert_eq!(calls.len(), 1, "{text}");
        calls.remove(0)
    }

    #[test]
    fn a_denied_call_is_no_call_that_nobody_made() {
        let text = "\nAn error occurred (UnauthorizedOperation) when calling the DescribeVpcBlockPublicAccessOptions operation: You are not authorized to perform this operation. Encoded authorization failure message: abc\n";
        let (call, outcome, code) = one(text);
        assert_eq!(call, "describe-vpc-block-public-access-options");
        assert_eq!((outcome, code.as_str()), (Outcome::Denied, "UnauthorizedOperation"));
        assert_eq!(one(&format!("aws: [ERROR]: {}", text.trim())).1, Outcome::Denied);
        assert!(!format!("{:?}", read(text, "")).contains("abc"), "a token is not kept");
    }

    #[test]
    fn failures_are_told_apart_by_their_code() {
        let of = |code: &str, rest: &str| {
            one(&format!("An error occurred ({code}) when calling the GetManagedPrefixListEntries operation{rest}")).1
        };
        assert_eq!(
            of("RequestLimitExceeded", " (reached max retries: 4): Slow."),
            Outcome::Throttled
        );
        assert_eq!(of("InvalidAction", ": The action is not valid."), Outcome::Unsupported);
        let local = ": API action 'X' for service 'ec2' not yet implemented or pro feature";
        assert_eq!(of("InternalFailure", local), Outcome::Unsupported);
        assert_eq!(of("InternalError", ": An internal error has occurred"), Outcome::Failed);
        assert_eq!(of("ExpiredToken", ": The token is expired"), Outcome::Failed);
    }

    #[test]
    fn a_failure_without_a_code_is_told_by_the_line_of_the_shell() {
        let text =
            "Could not connect to the endpoint URL: \"https://x/\"\naws ec2 describe-vpcs failed\n";
        assert_eq!(one(text), ("describe-vpcs".to_owned(), Outcome::Failed, String::new()));
        let text = "An error occurred (AccessDenied) when calling the DescribeVpcs operation: No\naws ec2 describe-vpcs failed\n";
        assert_eq!(
            one(text).1,
            Outcome::Denied,
            "what the CLI says is more than what the shell knows"
        );
    }

    #[test]
    fn one_text_may_tell_of_several() {
        let line = |operation| {
            format!(
                "An error occurred (AccessDenied) when calling the {operation} operation: No\n\n"
            )
        };
        let text = ["DescribeVpcs", "DescribeSubnets", "DescribeVpcs", "GetCallerIdentity"]
            .map(line)
            .concat();
        let calls: Vec<String> = told(&text).into_iter().map(|(call, ..)| call).collect();
        assert_eq!(calls, ["describe-vpcs", "describe-subnets"]);
    }

    #[test]
    fn a_call_of_no_known_kind_is_a_call_all_the_same() {
        let text = "An error occurred (UnauthorizedOperation) when calling the DescribeFlowLogs operation: No";
        let denied = Outcome::Denied;
        let code = "UnauthorizedOperation".to_owned();
        assert_eq!(one(text), ("describe-flow-logs".to_owned(), denied, code));
    }

    #[test]
    fn the_error_of_an_api_is_a_failed_call() {
        let unnamed = "the call that `x.json` is the answer to";
        for (text, call, outcome, code) in [
            (
                r#"{"Error": {"Code": "UnauthorizedOperation"}}"#,
                unnamed,
                Outcome::Denied,
                "UnauthorizedOperation",
            ),
            (
                r#"{"Error": {"Code": "UnauthorizedOperation", "Message": "You are not authorized to perform this operation. User: arn:aws:iam::111122223333:user/a is not authorized to perform: ec2:DescribeNetworkAcls because no identity-based policy allows it"}, "ResponseMetadata": {"HTTPStatusCode": 403}}"#,
                "describe-network-acls",
                Outcome::Denied,
                "UnauthorizedOperation",
            ),
            (
                r#"{"status_code": 403, "data": {"Error": {"Code": "AccessDenied", "Message": "no"}}}"#,
                unnamed,
                Outcome::Denied,
                "AccessDenied",
            ),
            (
                r#"{"Response": {"Errors": {"Error": {"Code": "RequestLimitExceeded", "Message": "Slow"}}, "RequestID": "1"}}"#,
                unnamed,
                Outcome::Throttled,
                "RequestLimitExceeded",
            ),
            (
                r#"{"__type": "com.amazon.coral.service#AccessDeniedException", "Message": "User: x is not authorized to perform: network-firewall:ListFirewalls on resource: *"}"#,
                "list-firewalls",
                Outcome::Denied,
                "AccessDeniedException",
            ),
            (
                r#"{"Error": {"Code": "AccessDenied", "Message": "An error occurred (AccessDenied) when calling the DescribeVpcs operation: no"}}"#,
                "describe-vpcs",
                Outcome::Denied,
                "AccessDenied",
            ),
        ] {
            assert_eq!(one(text), (call.to_owned(), outcome, code.to_owned()), "{text}");
        }
        for text in [
            r#"{"Error": "a word"}"#,
            r#"{"Error": {"Message": "no code"}}"#,
            r#"{"Errors": []}"#,
            r#"{"Error": {"Code": "AccessDenied"}"#,
            r#"{"a": 1}"#,
        ] {
            assert_eq!(told(text), [], "{text}");
        }
    }

    #[test]
    fn a_cli_that_made_no_call_has_read_nothing() {
        let text = "\nUnable to locate credentials. You can configure credentials by running \"aws configure\".\n";
        let call = "the call that `x.json` is the answer to".to_owned();
        assert_eq!(one(text), (call, Outcome::Failed, String::new()));
        assert_eq!(told("It says: Unable to locate credentials"), []);
        for text in [
            "Read timeout on endpoint URL: \"https://x/\"",
            "aws: [ERROR]: SSL validation failed for https://x/ [SSL: CERTIFICATE_VERIFY_FAILED]",
            "Connection was closed before we received a valid response from endpoint URL: \"https://x/\".",
            "The config profile (prod) could not be found",
            "Partial credentials found in env, missing: AWS_SECRET_ACCESS_KEY",
            "bash: line 1: aws: command not found",
        ] {
            assert_eq!(one(text).1, Outcome::Failed, "{text}");
        }
    }

    #[test]
    fn other_texts_tell_of_none() {
        for text in [
            "",
            "web db:5432\n",
            "I saw: An error occurred (AccessDenied) when calling the DescribeVpcs operation",
            "An error occurred (AccessDenied) when calling the operation",
            "aws ec2 describe-pizzas failed",
            "aws ec2 describe-vpcs failed yesterday",
        ] {
            assert_eq!(told(text), [], "{text}");
        }
    }

    #[test]
    fn every_call_has_its_operation() {
        for (operation, call) in [
            ("DescribeVpcs", "describe-vpcs"),
            ("DescribeDBInstances", "describe-db-instances"),
            ("SearchTransitGatewayRoutes", "search-transit-gateway-routes"),
        ] {
            assert_eq!(kind_of(operation).map(Kind::call), Some(call));
        }
    }
}
