//! Who asks: a token for Azure Resource Manager, from the same places as Azure's own tools, and a
//! new one when it runs out.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use azure_core::cloud::CloudConfiguration;
use azure_core::credentials::{Secret, TokenCredential};
use azure_core::http::ClientOptions;
use azure_identity::{
    AzureCliCredential, AzureCliCredentialOptions, ClientSecretCredential,
    ClientSecretCredentialOptions, ManagedIdentityCredential, ManagedIdentityCredentialOptions,
    UserAssignedId, WorkloadIdentityCredential, WorkloadIdentityCredentialOptions,
};
use tokio::sync::Mutex;

use super::fault::{Fault, chain, harmless};
use super::{Cloud, LiveError};

/// A token that is good for less than this is replaced before it is used.
const NEARLY_EXPIRED: Duration = Duration::from_secs(120);

/// Where there is no managed identity, its address swallows packets.
const PATIENCE: Duration = Duration::from_secs(20);

/// Our code for a token that cannot be had.
const NO_TOKEN: &str = "NoToken";

/// Where the token comes from.
#[derive(Clone, Default)]
pub enum Credential {
    /// The first of these that is there: the environment, a workload identity, the Azure CLI, a
    /// managed identity. (That one last: where there is none, asking for it takes long.)
    #[default]
    Found,
    /// `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_CLIENT_SECRET`.
    Environment,
    /// `AZURE_TENANT_ID`, `AZURE_CLIENT_ID` and `AZURE_FEDERATED_TOKEN_FILE`, as Kubernetes sets
    /// them.
    WorkloadIdentity,
    /// The login of `az`.
    Cli,
    /// The identity of the machine, or that of `AZURE_CLIENT_ID` on it.
    ManagedIdentity,
    /// Tokens that the caller has, a new one each time.
    Tokens(Arc<dyn Fn() -> String + Send + Sync>),
}

impl fmt::Debug for Credential {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Found => "Found",
            Self::Environment => "Environment",
            Self::WorkloadIdentity => "WorkloadIdentity",
            Self::Cli => "Cli",
            Self::ManagedIdentity => "ManagedIdentity",
            Self::Tokens(_) => "Tokens",
        })
    }
}

/// A token, and whence to get the next one.
pub(super) struct Session {
    /// The one that was found to work.
    credential: Credential,
    cloud: Cloud,
    held: Mutex<Held>,
}

struct Held {
    token: Token,
    /// Why there is no newer one. Asked for once: hundreds of calls would ask in vain.
    refused: Option<Fault>,
}

/// What a call is signed with.
#[derive(Clone)]
pub(super) struct Token {
    secret: Arc<str>,
    expires: Option<SystemTime>,
}

impl Token {
    pub(super) fn secret(&self) -> &str {
        &self.secret
    }

    fn has_nearly_expired(&self) -> bool {
        self.expires.is_some_and(|expires| expires < SystemTime::now() + NEARLY_EXPIRED)
    }
}

impl Session {
    /// Gets the first token.
    pub(super) async fn open(credential: &Credential, cloud: Cloud) -> Result<Self, LiveError> {
        let candidates = match credential {
            Credential::Found => vec![
                Credential::Environment,
                Credential::WorkloadIdentity,
                Credential::Cli,
                Credential::ManagedIdentity,
            ],
            one => vec![one.clone()],
        };
        let mut refused = Vec::new();
        for credential in candidates {
            match fetch(&credential, cloud).await {
                Ok(token) => {
                    let held = Mutex::new(Held { token, refused: None });
                    return Ok(Self { credential, cloud, held });
                }
                Err(Refusal { why, is_configured: true }) => {
                    // What the user has set up is what he wants: no other one in its place.
                    return Err(LiveError::BadCredentials { why });
                }
                Err(Refusal { why, .. }) => refused.push(why),
            }
        }
        Err(LiveError::NoCredentials { why: refused.join("; ") })
    }

    /// A token other than the one that was refused, if any was.
    ///
    /// # Errors
    ///
    /// Where there is none to be had.
    pub(super) async fn token(&self, refused: Option<&Token>) -> Result<Token, Fault> {
        let mut held = self.held.lock().await;
        let is_refused = refused.is_some_and(|token| token.secret == held.token.secret);
        if !is_refused && !held.token.has_nearly_expired() {
            return Ok(held.token.clone());
        }
        if let Some(fault) = &held.refused {
            return Err(fault.clone());
        }
        let told = match fetch(&self.credential, self.cloud).await {
            Ok(token) if token.secret != held.token.secret || !is_refused => {
                held.token = token.clone();
                return Ok(token);
            }
            Ok(_) => Fault::failed(NO_TOKEN, "there is no other token than the one that expired"),
            Err(refusal) => Fault::failed(NO_TOKEN, &refusal.why),
        };
        held.refused = Some(told.clone());
        Err(told)
    }
}

/// Why a credential gives no token.
struct Refusal {
    why: String,
    /// Whether the user has set it up, so that it should have given one.
    is_configured: bool,
}

/// Gets a token, from a new credential each time: they keep theirs until it expires, also where
/// Azure takes it back before.
async fn fetch(credential: &Credential, cloud: Cloud) -> Result<Token, Refusal> {
    if let Credential::Tokens(next) = credential {
        return Ok(Token { secret: next().into(), expires: None });
    }
    let is_configured = is_configured(credential);
    let name = format!("{credential:?}");
    let refusal = |why: &str| {
        let why = why.split("To troubleshoot").next().unwrap_or_default();
        Refusal { why: harmless(&format!("{name}: {why}")), is_configured }
    };
    if let Some(missing) = missing(credential) {
        return Err(refusal(&format!("{missing} is not set")));
    }
    let made = made(credential, cloud).map_err(|error| refusal(&chain(&error)))?;
    let scope = format!("{}/.default", cloud.endpoint());
    let scopes = [scope.as_str()];
    let asked = tokio::time::timeout(PATIENCE, made.get_token(&scopes, None)).await;
    let token =
        asked.map_err(|_| refusal("nobody answers"))?.map_err(|error| refusal(&chain(&error)))?;
    Ok(Token { secret: token.token.secret().into(), expires: Some(token.expires_on.into()) })
}

/// What tells that a credential is meant, where it is not there.
fn missing(credential: &Credential) -> Option<&'static str> {
    let needed = match credential {
        Credential::Environment => "AZURE_CLIENT_SECRET",
        Credential::WorkloadIdentity => "AZURE_FEDERATED_TOKEN_FILE",
        _ => return None,
    };
    variable(needed).is_none().then_some(needed)
}

fn is_configured(credential: &Credential) -> bool {
    match credential {
        Credential::Environment => variable("AZURE_CLIENT_SECRET").is_some(),
        Credential::WorkloadIdentity => variable("AZURE_FEDERATED_TOKEN_FILE").is_some(),
        Credential::ManagedIdentity => variable("IDENTITY_ENDPOINT").is_some(),
        Credential::Found | Credential::Cli | Credential::Tokens(_) => false,
    }
}

fn made(credential: &Credential, cloud: Cloud) -> azure_core::Result<Arc<dyn TokenCredential>> {
    let client_options = || ClientOptions { cloud: authority(cloud), ..ClientOptions::default() };
    Ok(match credential {
        Credential::Environment => {
            let options = ClientSecretCredentialOptions { client_options: client_options() };
            let set = |name: &str| variable(name).unwrap_or_default();
            let secret = Secret::new(set("AZURE_CLIENT_SECRET"));
            let (tenant, client) = (set("AZURE_TENANT_ID"), set("AZURE_CLIENT_ID"));
            ClientSecretCredential::new(&tenant, client, secret, Some(options))?
        }
        Credential::WorkloadIdentity => {
            let mut options = WorkloadIdentityCredentialOptions::default();
            options.credential_options.client_options = client_options();
            WorkloadIdentityCredential::new(Some(options))?
        }
        Credential::ManagedIdentity => {
            ManagedIdentityCredential::new(Some(ManagedIdentityCredentialOptions {
                user_assigned_id: variable("AZURE_CLIENT_ID").map(UserAssignedId::ClientId),
                ..ManagedIdentityCredentialOptions::default()
            }))?
        }
        Credential::Found | Credential::Cli | Credential::Tokens(_) => {
            AzureCliCredential::new(Some(AzureCliCredentialOptions {
                tenant_id: variable("AZURE_TENANT_ID"),
                ..AzureCliCredentialOptions::default()
            }))?
        }
    })
}

/// Where to sign in; for the public cloud `AZURE_AUTHORITY_HOST` may say otherwise.
fn authority(cloud: Cloud) -> Option<Arc<CloudConfiguration>> {
    match cloud {
        Cloud::Public => None,
        Cloud::UsGov => Some(Arc::new(CloudConfiguration::AzureGovernment)),
        Cloud::China => Some(Arc::new(CloudConfiguration::AzureChina)),
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn counted() -> (Credential, Arc<AtomicUsize>) {
        let count = Arc::new(AtomicUsize::new(0));
        let counter = Arc::clone(&count);
        let next = move || format!("token {}", counter.fetch_add(1, Ordering::Relaxed).min(1));
        (Credential::Tokens(Arc::new(next)), count)
    }

    #[tokio::test]
    async fn a_token_is_kept_until_it_is_refused_and_a_refusal_is_final() {
        let (credential, count) = counted();
        let session = Session::open(&credential, Cloud::Public).await.unwrap();
        let first = session.token(None).await.unwrap();
        assert_eq!(session.token(None).await.unwrap().secret(), "token 0");
        let second = session.token(Some(&first)).await.unwrap();
        assert_eq!(second.secret(), "token 1");
        // Another call that was refused with the first one gets the second.
        assert_eq!(session.token(Some(&first)).await.unwrap().secret(), "token 1");
        assert_eq!(count.load(Ordering::Relaxed), 2);
        for _ in 0..3 {
            assert_eq!(session.token(Some(&second)).await.err().unwrap().code, NO_TOKEN);
        }
        assert_eq!(count.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn credentials_are_not_printed() {
        let credential = Credential::Tokens(Arc::new(|| "hush".to_owned()));
        assert_eq!(format!("{credential:?}"), "Tokens");
    }
}
