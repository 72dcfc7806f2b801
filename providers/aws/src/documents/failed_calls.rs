//! What the AWS CLI says of calls that failed.
//!
//! It prints no document then, only a line on standard error. Who kept that line beside the
//! documents (`2> describe-vpcs.err`, `2>&1`) has recorded that the call was made and not answered,
//! which is not the same as a call that was never made: see [`Outcome`].

use crate::kind::Kind;
use cloudfw_documents::manifest::{Call, CallError, Outcome};

use crate::outcome::outcome_of_code;

/// Longer texts are no messages of the CLI.
const LONGEST: usize = 64 << 10;

/// How the message begins; newer versions of the CLI put their name and a level before it.
const BEGINNINGS: [&str; 2] = ["An error occurred (", "aws: [ERROR]: An error occurred ("];

/// The calls that a text says have failed, each once; empty where it is another text.
///
/// Two kinds of lines tell of a call: the CLI's own `An error occurred (CODE) when calling the
/// DescribeVpcs operation: …`, and `aws ec2 describe-vpcs failed`, which
/// [`print_commands`](crate::print_commands) adds for failures of which the CLI does not name the
/// call.
pub(super) fn read(text: &str) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    if text.len() > LONGEST {
        return calls;
    }
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
    let outcome = match outcome_of_code(code) {
        None if is_of_an_emulator(message) => Outcome::Unsupported,
        known => known.unwrap_or(Outcome::Failed),
    };
    Some(Call {
        call: kind_of(operation)?.call().to_owned(),
        outcome,
        error: Some(error),
        ..Call::default()
    })
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
        read(text).into_iter().map(|call| (call.call.clone(), call.outcome, code(&call))).collect()
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
        assert!(!format!("{:?}", read(text)).contains("abc"), "a token is not kept");
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
