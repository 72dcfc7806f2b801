//! A server on loopback that answers as Azure Resource Manager does, with pages written by hand.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a fault of the test's own server is a failed test"
)]

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use cloudfw_azure::live::{Credential, RecordOptions};
use serde_json::{Value, json};
use wiremock::matchers::any;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

pub(crate) const ONE: &str = "00000000-0000-0000-0000-000000000001";
pub(crate) const TWO: &str = "00000000-0000-0000-0000-000000000002";

/// What every token of the tests has in it: nothing that is written may.
pub(crate) const SECRET: &str = "s3cr3t-t0k3n";

/// What the question to Resource Graph about the second subscription ends in.
pub(crate) const GRAPH_OF_TWO: &str = "resources of the second";

/// A server with an empty subscription, or two.
pub(crate) struct Arm {
    server: MockServer,
    rules: Arc<Rules>,
}

struct Rules {
    /// By what a path ends in, with the method where it is not `GET`.
    replies: BTreeMap<&'static str, Vec<ResponseTemplate>>,
    subscriptions: Vec<&'static str>,
    asked: Mutex<BTreeMap<String, usize>>,
    log: Mutex<Vec<(Instant, String)>>,
    /// How many requests the first token is good for; the others for ever, unless this is 0.
    good_for: usize,
    served: AtomicUsize,
}

impl Arm {
    /// Answers what ends so with its replies in turn, the last one for ever, and all else as an
    /// empty subscription does.
    pub(crate) async fn answering(replies: Vec<(&'static str, Vec<ResponseTemplate>)>) -> Self {
        Self::with(vec![ONE], usize::MAX, replies).await
    }

    pub(crate) async fn with(
        subscriptions: Vec<&'static str>,
        good_for: usize,
        replies: Vec<(&'static str, Vec<ResponseTemplate>)>,
    ) -> Self {
        let server = MockServer::start().await;
        let rules = Arc::new(Rules {
            replies: replies.into_iter().collect(),
            subscriptions,
            asked: Mutex::default(),
            log: Mutex::default(),
            good_for,
            served: AtomicUsize::new(0),
        });
        Mock::given(any()).respond_with(Answers(Arc::clone(&rules))).mount(&server).await;
        Self { server, rules }
    }

    pub(crate) fn url(&self) -> String {
        self.server.uri()
    }

    /// Options that never look for a credential, and never at Azure. Each token is another one.
    pub(crate) fn options(&self, to: &Path) -> RecordOptions {
        let count = AtomicUsize::new(0);
        let next = move || format!("{SECRET}-{}", count.fetch_add(1, Ordering::Relaxed));
        options(&self.url(), to, Credential::Tokens(Arc::new(next)))
    }

    /// The requests whose path ends so, each with its time.
    pub(crate) fn asked(&self, ending: &str) -> Vec<Instant> {
        let log = self.rules.log.lock().unwrap();
        log.iter().filter(|(_, asked)| asked.ends_with(ending)).map(|(time, _)| *time).collect()
    }

    /// Everything that was asked, as `GET /path`.
    pub(crate) fn all_asked(&self) -> Vec<String> {
        self.rules.log.lock().unwrap().iter().map(|(_, asked)| asked.clone()).collect()
    }

    pub(crate) async fn requests(&self) -> Vec<Request> {
        self.server.received_requests().await.unwrap()
    }
}

pub(crate) fn options(url: &str, to: &Path, credential: Credential) -> RecordOptions {
    RecordOptions {
        credential,
        endpoint: Some(url.to_owned()),
        calls_per_second: NonZeroU32::new(1000).unwrap(),
        attempts: NonZeroU32::new(2).unwrap(),
        timeout: Duration::from_secs(5),
        patience: Duration::from_secs(5),
        ..RecordOptions::new(to)
    }
}

struct Answers(Arc<Rules>);

impl Respond for Answers {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let Self(rules) = self;
        let method = if request.method.as_str() == "POST" { "POST " } else { "" };
        let mut asked = format!("{method}{}", request.url.path());
        if asked.ends_with("ResourceGraph/resources")
            && String::from_utf8_lossy(&request.body).contains(TWO)
            && self.0.replies.contains_key(GRAPH_OF_TWO)
        {
            asked.push_str(" of the second");
        }
        rules.log.lock().unwrap().push((Instant::now(), asked.clone()));
        if let Some(refusal) = rules.check_token(request) {
            return refusal;
        }
        let known = rules.replies.iter().filter(|(ending, _)| asked.ends_with(**ending));
        let Some((ending, replies)) = known.max_by_key(|(ending, _)| ending.len()) else {
            return rules.nothing(&asked, request);
        };
        let mut turns = rules.asked.lock().unwrap();
        let turn = turns.entry((*ending).to_owned()).or_default();
        *turn += 1;
        replies[(*turn - 1).min(replies.len() - 1)].clone()
    }
}

impl Rules {
    /// The token that counts is told by its number.
    fn check_token(&self, request: &Request) -> Option<ResponseTemplate> {
        let token = request.headers.get("authorization")?.to_str().unwrap().to_owned();
        let number: usize = token.rsplit('-').next().unwrap().parse().unwrap();
        let served = self.served.fetch_add(1, Ordering::Relaxed);
        let is_old = number == 0 && served >= self.good_for;
        if !token.starts_with(&format!("Bearer {SECRET}-")) || is_old || self.good_for == 0 {
            // Who has an old one is told so, with the token in the answer.
            let message = format!("The access token {token} has expired.");
            return Some(error(401, "ExpiredAuthenticationToken", &message));
        }
        None
    }

    /// The answer of a subscription that has nothing but a resource group.
    fn nothing(&self, asked: &str, request: &Request) -> ResponseTemplate {
        let parts: Vec<&str> = asked.trim_start_matches("POST ").split('/').skip(1).collect();
        let is_post = asked.starts_with("POST ");
        match parts.as_slice() {
            ["subscriptions"] => {
                let one = |id: &&str| json!({"subscriptionId": id, "displayName": format!("name of {}", &id[35..]), "state": "Enabled"});
                list(&self.subscriptions.iter().map(one).collect::<Vec<_>>())
            }
            ["subscriptions", id, "resourceGroups"] => list(&[
                json!({"id": format!("/subscriptions/{id}/resourceGroups/rg"), "name": "rg"}),
            ]),
            ["providers", "Microsoft.ResourceGraph", "resources"] if is_post => {
                let body: Value = serde_json::from_slice(&request.body).unwrap();
                assert_eq!(body["options"]["resultFormat"], "objectArray");
                page(
                    &json!({"totalRecords": 0, "count": 0, "data": [], "resultTruncated": "false"}),
                )
            }
            [.., "locations", _, "serviceTags"] => page(&json!({
                "id": "/x", "name": "Public", "type": "Microsoft.Network/serviceTags",
                "cloud": "Public", "changeNumber": "7", "values": []})),
            ["subscriptions", _, .., last] if is_post => match *last {
                "listNetworkManagerEffectiveSecurityAdminRules" => list(&[]),
                _ => error(405, "MethodNotAllowed", "no such action"),
            },
            ["subscriptions", _, .., "providers", _, _]
            | [.., "ruleCollectionGroups" | "hubVirtualNetworkConnections"]
            | [
                ..,
                "virtualMachineScaleSets",
                _,
                "virtualMachines" | "networkInterfaces" | "publicIPAddresses",
            ] => list(&[]),
            _ => error(404, "NotFound", &format!("nothing is at {asked}")),
        }
    }
}

/// An answer.
pub(crate) fn page(body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(200).set_body_json(body)
}

/// A list in one page.
pub(crate) fn list(elements: &[Value]) -> ResponseTemplate {
    page(&json!({"value": elements}))
}

/// An error in ARM's form.
pub(crate) fn error(status: u16, code: &str, message: &str) -> ResponseTemplate {
    ResponseTemplate::new(status)
        .set_body_json(json!({"error": {"code": code, "message": message}}))
}

pub(crate) fn denied() -> ResponseTemplate {
    let message = "The client 'reader' with object id 'x' does not have authorization to perform \
                   action 'Microsoft.Network/virtualNetworks/read' over scope '/subscriptions/s'.";
    error(403, "AuthorizationFailed", message)
}
