//! How a call ended, by AWS's own codes.

use cloudfw_documents::manifest::Outcome;

/// How a call ended that the service refused with this code; nothing where the code alone does
/// not tell.
pub(crate) fn outcome_of_code(code: &str) -> Option<Outcome> {
    match code {
        "AccessDenied"
        | "AccessDeniedException"
        | "AuthFailure"
        | "Blocked"
        | "Forbidden"
        | "InvalidClientTokenId"
        | "OptInRequired"
        | "PendingVerification"
        | "SignatureDoesNotMatch"
        | "UnauthorizedOperation"
        | "UnrecognizedClientException" => Some(Outcome::Denied),
        "BandwidthLimitExceeded"
        | "EC2ThrottledException"
        | "LimitExceededException"
        | "PriorRequestNotComplete"
        | "RequestLimitExceeded"
        | "RequestThrottled"
        | "RequestThrottledException"
        | "SlowDown"
        | "Throttling"
        | "ThrottlingException"
        | "TooManyRequestsException" => Some(Outcome::Throttled),
        "InvalidAction" | "NotImplemented" | "UnknownOperationException" => {
            Some(Outcome::Unsupported)
        }
        _ => None,
    }
}
