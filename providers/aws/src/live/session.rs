//! Who asks, where: credentials, Regions and clients, from the same sources as the AWS CLI.

use std::error::Error;
use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_ec2::config::retry::{ClientRateLimiter, RetryPartition};
use aws_sdk_ec2::config::{Credentials, ProvideCredentials};

use super::fault::{Fault, FaultKind, harmless};
use super::{LiveError, RecordOptions, Regions};

/// Where the list of Regions is asked for when nothing names a Region.
const FIRST_REGION: &str = "us-east-1";

/// Networks that let EC2 through and not STS swallow its packets; there is another way to learn
/// the account.
const PATIENCE_WITH_STS: Duration = Duration::from_secs(15);

/// What every client has in common.
pub(super) struct Session {
    config: SdkConfig,
    calls_per_second: f64,
}

impl Session {
    /// Reads the configuration and makes sure that there are credentials.
    pub(super) async fn open(options: &RecordOptions) -> Result<Self, LiveError> {
        let attempts = options.attempts.get();
        let mut loader = aws_config::defaults(BehaviorVersion::latest())
            .retry_config(RetryConfig::adaptive().with_max_attempts(attempts))
            .timeout_config(
                TimeoutConfig::builder()
                    .connect_timeout(options.timeout.min(Duration::from_secs(10)))
                    .operation_attempt_timeout(options.timeout)
                    .build(),
            );
        if let Some(profile) = &options.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(url) = &options.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        if let Regions::These(names) = &options.regions
            && let Some(first) = names.first()
        {
            loader = loader.region(Region::new(first.clone()));
        }
        if let Some(keys) = &options.keys {
            loader = loader.credentials_provider(Credentials::new(
                &keys.access_key_id,
                &keys.secret_access_key,
                keys.session_token.clone(),
                None,
                "cloudfw",
            ));
        }
        let config = loader.load().await;
        let session = Self { config, calls_per_second: options.calls_per_second.get().into() };
        let provider = session.config.credentials_provider();
        let provider = provider.ok_or_else(|| LiveError::NoCredentials { why: String::new() })?;
        provider.provide_credentials().await.map_err(|error| no_credentials(&error))?;
        Ok(session)
    }

    /// A client of EC2 in a Region.
    pub(super) fn ec2(&self, region: &str) -> aws_sdk_ec2::Client {
        // AWS counts calls per account and Region. By default the SDK slows down every client of a
        // Region in the process, whoever's account it asks about, and begins at one call in two
        // seconds where AWS throttles it before it has measured how fast it is.
        let limiter =
            ClientRateLimiter::builder().tokens_retrieved_per_second(self.calls_per_second);
        let partition = RetryPartition::custom("cloudfw").client_rate_limiter(limiter.build());
        let config = aws_sdk_ec2::config::Builder::from(&self.config)
            .region(Region::new(region.to_owned()))
            .retry_partition(partition.build())
            .build();
        aws_sdk_ec2::Client::from_conf(config)
    }

    /// The Regions to record, in order, each once.
    pub(super) async fn regions(&self, wanted: &Regions) -> Result<Vec<String>, LiveError> {
        let configured = self.config.region().map(ToString::to_string);
        let mut names = match wanted {
            Regions::These(names) => names.clone(),
            Regions::Configured => vec![configured.ok_or(LiveError::NoRegion)?],
            Regions::AllEnabled => {
                self.enabled(&configured.unwrap_or_else(|| FIRST_REGION.to_owned())).await?
            }
        };
        names.sort();
        names.dedup();
        // A name becomes part of a host name and of a path.
        let odd = |name: &&String| !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if let Some(name) = names.iter().find(|name| name.is_empty() || odd(name)) {
            return Err(LiveError::BadRegion { name: name.clone() });
        }
        if names.is_empty() { Err(LiveError::NoRegion) } else { Ok(names) }
    }

    async fn enabled(&self, from: &str) -> Result<Vec<String>, LiveError> {
        let sent = self.ec2(from).describe_regions().send().await;
        let answer = sent.map_err(|error| Fault::of(&error, "")).map_err(|fault| {
            fault
                .expired()
                .unwrap_or(LiveError::RegionsUnknown { code: fault.code, message: fault.message })
        })?;
        Ok(answer.regions().iter().filter_map(|r| r.region_name()).map(str::to_owned).collect())
    }

    /// The account that the credentials belong to, where STS tells it.
    pub(super) async fn account(&self, region: &str) -> Result<Option<String>, LiveError> {
        let config = aws_sdk_sts::config::Builder::from(&self.config)
            .retry_config(RetryConfig::standard().with_max_attempts(2))
            .timeout_config(TimeoutConfig::builder().operation_timeout(PATIENCE_WITH_STS).build())
            .region(Region::new(region.to_owned()))
            .build();
        match aws_sdk_sts::Client::from_conf(config).get_caller_identity().send().await {
            Ok(answer) => Ok(answer.account().filter(|id| is_account(id)).map(str::to_owned)),
            // An emulator without STS: the objects that are read say whose they are.
            Err(error) => Fault::of(&error, "").expired().map_or(Ok(None), Err),
        }
    }
}

/// Whether a text can be an account's id, and the name of a folder.
pub(super) fn is_account(id: &str) -> bool {
    id.len() == 12 && id.bytes().all(|byte| byte.is_ascii_digit())
}

impl Fault {
    /// The error that ends everything, where this is one.
    pub(super) fn expired(&self) -> Option<LiveError> {
        (self.kind == FaultKind::Expired)
            .then(|| LiveError::Expired { code: self.code.clone(), message: self.message.clone() })
    }
}

fn no_credentials(error: &CredentialsError) -> LiveError {
    let mut why = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        why = format!("{why}: {inner}");
        cause = inner.source();
    }
    let why = harmless(&why);
    match error {
        // The last place to look. Networks that answer there with a refusal say of no machine
        // that it was meant to have credentials.
        _ if why.contains("IMDS") => LiveError::NoCredentials { why },
        _ if why.to_ascii_lowercase().contains("expired") => {
            LiveError::Expired { code: "ExpiredToken".to_owned(), message: why }
        }
        CredentialsError::CredentialsNotLoaded(_) => LiveError::NoCredentials { why },
        _ => LiveError::BadCredentials { why },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_credentials_and_bad_ones_are_told_apart() {
        let none = CredentialsError::not_loaded("no providers in chain provided credentials");
        assert!(matches!(no_credentials(&none), LiveError::NoCredentials { .. }));
        let bad = CredentialsError::provider_error("AccessDenied: you may not assume the role");
        let LiveError::BadCredentials { why } = no_credentials(&bad) else { panic!("{bad}") };
        assert!(why.contains("you may not assume the role"), "{why}");
        let refused = CredentialsError::provider_error("failed to load IMDS session token");
        assert!(matches!(no_credentials(&refused), LiveError::NoCredentials { .. }));
        let old = CredentialsError::provider_error("the SSO token has expired");
        assert!(matches!(no_credentials(&old), LiveError::Expired { .. }));
    }
}
