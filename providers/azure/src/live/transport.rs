//! Azure Resource Manager over HTTP: the one file that knows how it is spoken to.
//!
//! Plain REST, and not `azure_mgmt_network`: that crate has the network's calls only (machines,
//! resource groups, subscriptions and Resource Graph are a crate each of the same size, 124,000
//! generated lines), is the last of its line and ties the credentials to a line of `azure_core` that
//! gets no fixes, and its pages follow `nextLink` to any host with the token in the request. What
//! is left to write without it is this file.

use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, Url};
use serde_json::Value;

use cloudfw_documents::manifest::Outcome;

use super::fault::Fault;
use super::session::{Session, Token};
use super::{LiveError, RecordOptions};

/// Bodies beyond this are no answer to anything that is asked.
const LARGEST_BODY: usize = 256 * 1024 * 1024;

/// Nobody waits longer before trying again, whatever the server asks for.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// Where the server leaves fewer calls than this, calls come slowly.
const SPARE_CALLS: u64 = 20;

/// How slowly, then.
const SLOW: Duration = Duration::from_secs(2);

/// How long to wait for an answer that is being worked out, where the server does not say.
const POLL: Duration = Duration::from_secs(5);

/// What a server says of how many calls are left, per subscription and per tenant.
const REMAINING: [&str; 2] =
    ["x-ms-ratelimit-remaining-subscription-reads", "x-ms-ratelimit-remaining-tenant-reads"];

/// A way to ask Azure Resource Manager.
pub(super) struct Transport {
    client: Client,
    endpoint: Url,
    session: Session,
    attempts: u32,
    /// How long an answer may take that is being worked out.
    patience: Duration,
}

/// What is asked.
#[derive(Debug, Clone)]
pub(super) struct Ask {
    pub(super) url: Url,
    /// `POST` with this body, else `GET`.
    pub(super) body: Option<Value>,
}

/// An answer.
struct Reply {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Reply {
    /// What it says, where it is no good one. A server may repeat what it was asked with.
    fn fault(&self, token: &Token) -> Fault {
        Fault::refused(self.status, &self.body).without(token.secret())
    }
}

impl Transport {
    /// Gets ready, without a word to Azure Resource Manager.
    pub(super) async fn open(options: &RecordOptions) -> Result<Self, LiveError> {
        let endpoint = endpoint(options)?;
        let mut client = Client::builder()
            .redirect(Policy::none())
            .connect_timeout(options.timeout.min(Duration::from_secs(10)))
            .timeout(options.timeout)
            .user_agent(concat!("cloudfw/", env!("CARGO_PKG_VERSION")));
        if is_loopback(&endpoint) {
            client = client.no_proxy();
        }
        let client = client.build().map_err(|error| LiveError::NoConnection {
            to: endpoint.to_string(),
            message: Fault::of_network(error).message,
        })?;
        let session = Session::open(&options.credential, options.cloud).await?;
        let (attempts, patience) = (options.attempts.get(), options.patience);
        Ok(Self { client, endpoint, session, attempts, patience })
    }

    /// Who is asked, for messages.
    pub(super) fn name(&self) -> String {
        self.endpoint.to_string()
    }

    /// The address of a path below the endpoint. The parts are names, whatever characters they
    /// have: none leads elsewhere.
    ///
    /// # Errors
    ///
    /// For a part that is none.
    pub(super) fn url(&self, path: &str, query: &[(&str, &str)]) -> Result<Url, Fault> {
        let mut url = self.endpoint.clone();
        let odd = |part: &&str| matches!(*part, "" | "." | "..");
        let parts = path.trim_matches('/').split('/');
        if let Some(part) = parts.clone().find(odd) {
            let message = format!("`{part}` is no part of an id");
            return Err(Fault::failed("OddId", &message));
        }
        // An `http` address always has a path; with none there would be nothing to ask.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(parts);
        }
        url.query_pairs_mut().extend_pairs(query);
        Ok(url)
    }

    /// Asks, and gives the body of the answer.
    pub(super) async fn ask(&self, ask: &Ask, pace: &Pace) -> Result<Vec<u8>, Fault> {
        let reply = self.send(ask, pace).await?;
        match reply.status {
            200 => Ok(reply.body),
            status => Err(Fault::unreadable(&format!("status {status} is no answer"))),
        }
    }

    /// Asks for what Azure works out first: 202 until it is there (AZ-75, T-10).
    pub(super) async fn ask_and_wait(&self, ask: &Ask, pace: &Pace) -> Result<Vec<u8>, Fault> {
        let begin = Instant::now();
        let mut reply = self.send(ask, pace).await?;
        let mut place: Option<Poll> = None;
        loop {
            if reply.status == 200 && place.as_ref().is_none_or(|poll| !poll.tells_state) {
                return Ok(reply.body);
            }
            if let (200, Some(poll)) = (reply.status, &place)
                && let Some(output) = finished(&reply.body, poll)?
            {
                return Ok(output);
            }
            if !matches!(reply.status, 200 | 202) {
                return Err(Fault::unreadable(&format!("status {} is no answer", reply.status)));
            }
            place = self.poll(&reply.headers)?.or(place);
            let Some(poll) = &place else {
                return Err(Fault::unreadable("Azure does not say where its answer will be"));
            };
            let wait = retry_after(&reply.headers).unwrap_or(POLL);
            if begin.elapsed() + wait > self.patience {
                let message = format!("no answer after {} s", begin.elapsed().as_secs());
                return Err(Fault::failed("Timeout", &message));
            }
            tokio::time::sleep(wait).await;
            reply = self.send(&Ask { url: poll.url.clone(), body: None }, pace).await?;
        }
    }

    /// Where the answer to a `202` will be.
    fn poll(&self, headers: &HeaderMap) -> Result<Option<Poll>, Fault> {
        if let Some(place) = text(headers, "location") {
            return Ok(Some(Poll { url: self.follow(place)?, tells_state: false }));
        }
        let Some(place) = text(headers, "azure-asyncoperation") else { return Ok(None) };
        Ok(Some(Poll { url: self.follow(place)?, tells_state: true }))
    }

    /// The address of a further page. It is asked for with the token, so it has to be where the
    /// first one was.
    ///
    /// # Errors
    ///
    /// Where it is at another place, and where it is no address.
    pub(super) fn follow(&self, link: &str) -> Result<Url, Fault> {
        let url = self
            .endpoint
            .join(link)
            .map_err(|_| Fault::unreadable("the next page has no address"))?;
        if is_same_place(&self.endpoint, &url) {
            return Ok(url);
        }
        let host = url.host_str().unwrap_or("nowhere");
        let message = format!(
            "the answer goes on at `{host}`, and not at `{}`: nothing is asked there, since the \
             token would go along",
            self.endpoint.host_str().unwrap_or_default()
        );
        Err(Fault::failed("ForeignLink", &message))
    }

    /// Asks until there is an answer, or no hope for one.
    async fn send(&self, ask: &Ask, pace: &Pace) -> Result<Reply, Fault> {
        let mut token = self.session.token(None).await?;
        let (mut tries, mut is_renewed) = (0, false);
        loop {
            pace.turn().await;
            tries += 1;
            let (fault, wait) = match self.once(ask, &token).await {
                Ok(reply) if matches!(reply.status, 200..=299) => {
                    pace.heed(remaining(&reply.headers));
                    return Ok(reply);
                }
                Ok(reply) if reply.status == 401 && !is_renewed => {
                    let fault = reply.fault(&token);
                    if fault.outcome == Outcome::Denied {
                        return Err(fault);
                    }
                    // Azure's word is more to the point than that there is no other token.
                    token = self.session.token(Some(&token)).await.map_err(|_| fault)?;
                    (is_renewed, tries) = (true, tries - 1);
                    continue;
                }
                Ok(reply) => {
                    let fault = reply.fault(&token);
                    let is_passing = matches!(reply.status, 408 | 429 | 500 | 502 | 503 | 504);
                    let wait = retry_after(&reply.headers).unwrap_or_else(|| back_off(tries));
                    (fault, is_passing.then_some(wait))
                }
                Err(fault) => (fault, Some(back_off(tries))),
            };
            match wait {
                Some(wait) if tries < self.attempts && wait <= LONGEST_WAIT => {
                    if fault.outcome == Outcome::Throttled {
                        pace.rest(wait);
                    } else {
                        tokio::time::sleep(wait).await;
                    }
                }
                _ => return Err(fault),
            }
        }
    }

    /// Asks one time.
    async fn once(&self, ask: &Ask, token: &Token) -> Result<Reply, Fault> {
        let method = if ask.body.is_some() { Method::POST } else { Method::GET };
        let mut request = self
            .client
            .request(method, ask.url.clone())
            .header(AUTHORIZATION, format!("Bearer {}", token.secret()));
        if let Some(body) = &ask.body {
            request = request.header(CONTENT_TYPE, "application/json").body(body.to_string());
        }
        let mut response = request.send().await.map_err(Fault::of_network)?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(Fault::of_network)? {
            body.extend_from_slice(&chunk);
            if body.len() > LARGEST_BODY {
                return Err(Fault::unreadable("the answer does not end"));
            }
        }
        Ok(Reply { status, headers, body })
    }
}

/// Where an answer will be.
struct Poll {
    url: Url,
    /// Whether what is there tells how the work goes, with the answer in it in the end.
    tells_state: bool,
}

/// The answer in the state of an operation, once it is done.
fn finished(body: &[u8], poll: &Poll) -> Result<Option<Vec<u8>>, Fault> {
    let unreadable = |_| Fault::unreadable("the state of the operation is no JSON");
    let state: Value = serde_json::from_slice(body).map_err(unreadable)?;
    let status = state.get("status").and_then(Value::as_str).unwrap_or_default();
    match status.to_ascii_lowercase().as_str() {
        "succeeded" => {
            let properties = state.get("properties");
            let output = properties.and_then(|it| it.get("output")).or(properties);
            match output {
                Some(output) => Ok(Some(output.to_string().into_bytes())),
                None => Err(Fault::unreadable("the operation is done and holds no answer")),
            }
        }
        "failed" | "canceled" => Err(Fault::refused(400, body)),
        "" => Err(Fault::unreadable(&format!("`{}` tells no state", poll.url.path()))),
        _ => Ok(None),
    }
}

/// Where to ask.
fn endpoint(options: &RecordOptions) -> Result<Url, LiveError> {
    let text = options.endpoint.as_deref().unwrap_or(options.cloud.endpoint());
    let bad = |why| LiveError::BadEndpoint { url: text.to_owned(), why };
    let url = Url::parse(text).map_err(|_| bad("it is no address"))?;
    match url.scheme() {
        _ if url.host_str().is_none() => Err(bad("it names no host")),
        _ if !url.username().is_empty() || url.password().is_some() => {
            Err(bad("it holds a user or a password"))
        }
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err(bad("the token would be readable on its way; only `https` is safe")),
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let address: Option<std::net::IpAddr> = host.parse().ok();
    host == "localhost" || address.is_some_and(|address| address.is_loopback())
}

/// Whether the token may go there: the same host, or one of its regions.
fn is_same_place(endpoint: &Url, url: &Url) -> bool {
    if url.scheme() != endpoint.scheme() {
        return false;
    }
    let (own, other) = (endpoint.host_str(), url.host_str());
    let is_below = || {
        let (Some(own), Some(other)) = (own, other) else { return false };
        let region = other.strip_suffix(own).and_then(|rest| rest.strip_suffix('.'));
        endpoint.domain().is_some() && region.is_some_and(|region| !region.is_empty())
    };
    endpoint.port_or_known_default() == url.port_or_known_default() && (own == other || is_below())
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// What the server asks for: seconds, or a time.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let told = text(headers, "retry-after")?.trim();
    if let Ok(seconds) = told.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let time = jiff::fmt::rfc2822::parse(told).ok()?;
    let until = SystemTime::from(time.timestamp());
    Some(until.duration_since(SystemTime::now()).unwrap_or_default())
}

fn remaining(headers: &HeaderMap) -> Option<u64> {
    REMAINING.iter().filter_map(|name| text(headers, name)?.trim().parse().ok()).min()
}

/// Half a second, one, two …
fn back_off(tries: u32) -> Duration {
    Duration::from_millis(500) * 2_u32.saturating_pow(tries.saturating_sub(1).min(6))
}

/// At most so many calls a second. One per subscription: Azure counts them so.
#[derive(Debug)]
pub(super) struct Pace {
    interval: Duration,
    turns: Mutex<Turns>,
}

#[derive(Debug)]
struct Turns {
    /// The first that nobody has taken.
    next: Instant,
    /// Until then nobody asks, whoever had a turn before.
    closed_until: Instant,
}

impl Pace {
    pub(super) fn new(per_second: NonZeroU32) -> Self {
        let now = Instant::now();
        Self {
            interval: Duration::from_secs(1) / per_second.get(),
            turns: Mutex::new(Turns { next: now, closed_until: now }),
        }
    }

    /// Waits until it is the caller's turn.
    async fn turn(&self) {
        loop {
            let mine = {
                let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
                let mine = Instant::now().max(turns.next).max(turns.closed_until);
                turns.next = mine + self.interval;
                mine
            };
            tokio::time::sleep_until(mine.into()).await;
            let turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
            if turns.closed_until <= mine {
                return;
            }
        }
    }

    /// Lets nobody ask for a while.
    fn rest(&self, wait: Duration) {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.closed_until = turns.closed_until.max(Instant::now() + wait);
    }

    /// Slows down where the server leaves few calls.
    fn heed(&self, remaining: Option<u64>) {
        if remaining.is_some_and(|left| left < SPARE_CALLS) {
            self.rest(SLOW);
        }
    }
}

#[cfg(test)]
mod tests;
