//! One call to its end: every page, at a pace, each body read as it comes.

use std::collections::HashSet;
use std::error::Error;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use aws_sdk_ec2::Client;
use aws_sdk_ec2::config::http::HttpResponse;
use aws_sdk_ec2::config::interceptors::{
    AfterDeserializationInterceptorContextRef, BeforeTransmitInterceptorContextRef,
};
use aws_sdk_ec2::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_ec2::error::{BoxError, ProvideErrorMetadata, SdkError};
use serde_json::Value;

use super::calls::{Call, Question};
use super::decode::Lacking;
use super::fault::Fault;
use super::{names, xml};

/// More pages than this are no answer but a server that goes on for ever.
const MOST_PAGES: usize = 10_000;

/// What a call answered.
pub(super) struct Answer {
    /// The entries of every page that came; of a call that answers with one object, that object.
    pub(super) entries: Vec<Value>,
    /// Pages that came.
    pub(super) pages: usize,
    pub(super) lacking: Lacking,
    /// Why there are no more pages: the last one came, or something went wrong.
    pub(super) end: Result<(), Fault>,
}

/// Makes a call, for the prefix list `of` where it is about one, until its last page.
pub(super) async fn ask(
    client: &Client,
    pace: &Pace,
    call: &'static Call,
    of: Option<&str>,
    on_page: &(dyn Fn(usize) + Sync),
) -> Answer {
    let mut answer = Answer { entries: Vec::new(), pages: 0, lacking: Lacking::new(), end: Ok(()) };
    let mut question = Question { token: None, prefix_list: of.map(str::to_owned) };
    let mut tokens = HashSet::new();
    loop {
        pace.turn().await;
        let tap = Tap::default();
        let next = match (call.page)(client, question.clone(), tap.clone()).await {
            Ok(next) => next.filter(|token| !token.is_empty()),
            Err(fault) => return answer.ended(fault),
        };
        match read(call, &tap.body(), &mut answer.lacking) {
            Ok(entries) => answer.entries.extend(entries),
            Err(fault) => return answer.ended(fault),
        }
        answer.pages += 1;
        on_page(answer.entries.len());
        let Some(token) = next else {
            return answer;
        };
        if !tokens.insert(token.clone()) || answer.pages >= MOST_PAGES {
            let message = format!("the answer never ends: page {} again", answer.pages);
            return answer.ended(Fault::failed("EndlessPages", &message));
        }
        question.token = Some(token);
    }
}

impl Answer {
    fn ended(mut self, fault: Fault) -> Self {
        self.end = Err(fault);
        self
    }
}

/// The entries of one page. An answer without its list is not an empty list.
fn read(call: &'static Call, body: &[u8], lacking: &mut Lacking) -> Result<Vec<Value>, Fault> {
    let unreadable = |error: &dyn Error| Fault::failed("Unreadable", &error.to_string());
    let root = xml::parse(body).map_err(|error| unreadable(&error))?;
    let mut entries = None;
    let key = call.key();
    for child in &root.children {
        match names::fills(&child.name, key) {
            true if entries.is_none() => {
                entries = Some(
                    (call.decode)(call.kind, child, lacking).map_err(|error| unreadable(&error))?,
                );
            }
            _ if child.name == "requestId" || child.name == "nextToken" => {}
            _ => {
                lacking.insert(child.name.clone());
            }
        }
    }
    entries.ok_or_else(|| Fault::failed("Unreadable", &format!("the answer holds no `{key}`")))
}

/// Takes the body of an answer, and the host that was asked, as they pass.
#[derive(Debug, Clone, Default)]
pub(super) struct Tap(Arc<Mutex<Passed>>);

#[derive(Debug, Default)]
struct Passed {
    host: String,
    body: Vec<u8>,
}

impl Tap {
    fn body(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).body)
    }

    /// Why the call that this listened to was not answered.
    pub(super) fn fault<E>(&self, error: &SdkError<E, HttpResponse>) -> Fault
    where
        E: Error + ProvideErrorMetadata + 'static,
    {
        let host = self.0.lock().unwrap_or_else(PoisonError::into_inner).host.clone();
        Fault::of(error, &host)
    }
}

impl Intercept for Tap {
    fn name(&self) -> &'static str {
        "cloudfw tap"
    }

    fn read_before_transmit(
        &self,
        context: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let uri = context.request().uri();
        let host = uri.split("://").last().unwrap_or_default();
        let host = host.split(['/', ':', '?']).next().unwrap_or_default();
        host.clone_into(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).host);
        Ok(())
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response().body().bytes().unwrap_or_default();
        body.clone_into(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner).body);
        Ok(())
    }
}

/// At most so many calls a second. One per account, Region and API (AWS counts them so).
#[derive(Debug)]
pub(super) struct Pace {
    interval: Duration,
    next: Mutex<Instant>,
}

impl Pace {
    pub(super) fn new(per_second: NonZeroU32) -> Self {
        Self {
            interval: Duration::from_secs(1) / per_second.get(),
            next: Mutex::new(Instant::now()),
        }
    }

    /// Waits until it is the caller's turn.
    async fn turn(&self) {
        let mine = {
            let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
            let mine = Instant::now().max(*next);
            *next = mine + self.interval;
            mine
        };
        tokio::time::sleep_until(mine.into()).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kind;
    use crate::live::calls::CALLS;

    fn page(body: &str) -> (Result<Vec<Value>, Fault>, Lacking) {
        let vpcs = CALLS.iter().find(|call| call.kind == Kind::Vpcs).unwrap();
        let mut lacking = Lacking::new();
        (read(vpcs, body.as_bytes(), &mut lacking), lacking)
    }

    #[test]
    fn an_answer_without_its_list_is_not_an_empty_list() {
        assert_eq!(page("<R><requestId>1</requestId><vpcSet/></R>").0, Ok(Vec::new()));
        let (answer, _) = page("<R><requestId>1</requestId></R>");
        assert_eq!(answer.unwrap_err().code, "Unreadable");
    }

    #[test]
    fn elements_beside_the_list_are_listed() {
        let (_, lacking) = page("<R><requestId>1</requestId><vpcSet/><nextToken/><more/></R>");
        assert_eq!(lacking.into_iter().collect::<Vec<_>>(), ["more"]);
    }

    #[tokio::test]
    async fn ten_calls_a_second_take_their_time() {
        let pace = Pace::new(NonZeroU32::new(100).unwrap());
        let start = Instant::now();
        for _ in 0..11 {
            pace.turn().await;
        }
        assert!(start.elapsed() >= Duration::from_millis(100));
    }
}
