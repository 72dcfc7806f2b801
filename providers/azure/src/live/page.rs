//! One call to its end: every page, each element read as it comes.

use std::collections::HashSet;

use serde_json::value::RawValue;
use serde_json::{Map, Value, json};

use super::decode::{Lacking, decoder};
use super::fault::Fault;
use super::transport::{Ask, Pace, Transport};
use crate::kind::Kind;

/// More pages than this are no answer but a server that goes on for ever.
const MOST_PAGES: usize = 10_000;

/// What a call answered.
#[derive(Debug)]
pub(super) struct Answer {
    /// The elements of every page that came.
    pub(super) entries: Vec<Value>,
    /// What stands beside them: of a list of service tags, whose it is and how old.
    pub(super) head: Map<String, Value>,
    /// Pages that came.
    pub(super) pages: usize,
    pub(super) lacking: Lacking,
    /// Why there are no more pages: the last one came, or something went wrong.
    pub(super) end: Result<(), Fault>,
}

impl Answer {
    /// Of a call that was not answered.
    pub(super) fn none(fault: Fault) -> Self {
        Self { end: Err(fault), ..Self::nothing() }
    }

    /// Of a call that has nothing to give, or has not given anything yet.
    pub(super) fn nothing() -> Self {
        let (entries, head, lacking) = (Vec::new(), Map::new(), Lacking::new());
        Self { entries, head, pages: 0, lacking, end: Ok(()) }
    }
}

/// How an answer is laid out, and how its next page is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `value`, and the address of the next page under `nextLink`.
    List,
    /// `values` of service tags, and the address of the next page.
    Tags,
    /// `value`, and a token that is sent with the next question.
    Posted,
    /// `data`, and a token that is sent with the next question's options.
    Graph,
    /// `value`, all at once, after Azure has worked it out.
    WorkedOut,
}

impl Form {
    fn list(self) -> &'static str {
        match self {
            Self::List | Self::Posted | Self::WorkedOut => "value",
            Self::Tags => "values",
            Self::Graph => "data",
        }
    }

    fn next(self) -> &'static str {
        match self {
            Self::List | Self::Tags | Self::WorkedOut => "nextLink",
            Self::Posted => "skipToken",
            Self::Graph => "$skipToken",
        }
    }
}

/// Asks until the last page. Elements are read as of `kind`; as they are where there is none.
pub(super) async fn ask(
    (transport, pace): (&Transport, &Pace),
    mut question: Ask,
    form: Form,
    kind: Option<Kind>,
    on_page: &(dyn Fn(usize) + Sync),
) -> Answer {
    let mut answer = Answer::nothing();
    let mut seen = HashSet::new();
    loop {
        let body = match form {
            Form::WorkedOut => transport.ask_and_wait(&question, pace).await,
            _ => transport.ask(&question, pace).await,
        };
        let next = match body.and_then(|body| take(&body, form, kind, &mut answer)) {
            Ok(next) => next,
            Err(fault) => return Answer { end: Err(fault), ..answer },
        };
        answer.pages += 1;
        on_page(answer.entries.len());
        let Some(next) = next else { return answer };
        if !seen.insert(next.clone()) || answer.pages >= MOST_PAGES {
            let message = format!("the answer never ends: page {} again", answer.pages);
            return Answer { end: Err(Fault::failed("EndlessPages", &message)), ..answer };
        }
        question = match further(transport, question, form, &next) {
            Ok(question) => question,
            Err(fault) => return Answer { end: Err(fault), ..answer },
        };
    }
}

/// The question for a further page.
fn further(transport: &Transport, asked: Ask, form: Form, next: &str) -> Result<Ask, Fault> {
    match form {
        Form::List | Form::Tags | Form::WorkedOut => {
            Ok(Ask { url: transport.follow(next)?, body: None })
        }
        Form::Posted => Ok(Ask { body: Some(json!({"skipToken": next})), ..asked }),
        Form::Graph => {
            let mut body = asked.body.unwrap_or_default();
            if let Some(options) = body.get_mut("options").and_then(Value::as_object_mut) {
                options.insert("$skipToken".to_owned(), Value::from(next));
            }
            Ok(Ask { body: Some(body), ..asked })
        }
    }
}

/// Takes the elements of a page; gives what the next one is asked for with. An answer without its
/// list is not an empty list.
fn take(
    body: &[u8],
    form: Form,
    kind: Option<Kind>,
    answer: &mut Answer,
) -> Result<Option<String>, Fault> {
    let page: std::collections::BTreeMap<String, &RawValue> =
        serde_json::from_slice(body).map_err(|error| not_json(body, &error))?;
    let list = form.list();
    let elements = page.get(list).filter(|list| list.get() != "null");
    let elements: Vec<&RawValue> = match elements {
        Some(elements) => serde_json::from_str(elements.get())
            .map_err(|_| Fault::unreadable(&format!("`{list}` is no list")))?,
        None => return Err(Fault::unreadable(&format!("the answer holds no `{list}`"))),
    };
    for element in elements {
        let read = match kind {
            Some(kind) => decoder(kind)(kind, element, &mut answer.lacking),
            None => serde_json::from_str(element.get()),
        };
        let read = read.map_err(|error| Fault::unreadable(&error.to_string()))?;
        answer.entries.push(read);
    }
    if form == Form::Tags && answer.head.is_empty() {
        for key in ["id", "name", "type", "cloud", "changeNumber"] {
            let told = page.get(key).and_then(|raw| serde_json::from_str::<Value>(raw.get()).ok());
            let told = told.filter(|told| told.is_string() || told.is_number());
            answer.head.extend(told.map(|told| (key.to_owned(), told)));
        }
    }
    let next = page.get(form.next()).map(|raw| serde_json::from_str(raw.get()));
    let next: Option<String> = next
        .transpose()
        .map_err(|_| Fault::unreadable(&format!("`{}` is no text", form.next())))?
        .flatten();
    let next = next.filter(|next: &String| !next.is_empty());
    if form == Form::Graph && next.is_none() {
        all_came(&page, answer.entries.len())?;
    }
    Ok(next)
}

/// Resource Graph cuts answers off where there is nothing to turn their pages by, and says so.
fn all_came(
    page: &std::collections::BTreeMap<String, &RawValue>,
    came: usize,
) -> Result<(), Fault> {
    let number = |key: &str| page.get(key).and_then(|raw| raw.get().parse::<usize>().ok());
    let is_cut = page.get("resultTruncated").is_some_and(|raw| raw.get().contains("true"));
    match number("totalRecords") {
        Some(total) if total > came => Err(Fault::failed(
            "Truncated",
            &format!("{came} of {total} records came, and no token for the others"),
        )),
        _ if is_cut => Err(Fault::failed("Truncated", "the answer was cut off")),
        _ => Ok(()),
    }
}

fn not_json(body: &[u8], error: &serde_json::Error) -> Fault {
    let start = body.trim_ascii_start();
    match start.first() {
        None => Fault::unreadable("the answer is empty"),
        Some(b'<') => Fault::unreadable("the answer is a web page, not one of Azure"),
        Some(_) => Fault::unreadable(&format!("the answer is no JSON object: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(form: Form, body: &str) -> Result<(Vec<Value>, Option<String>), Fault> {
        let mut answer = Answer::nothing();
        let next = take(body.as_bytes(), form, None, &mut answer)?;
        Ok((answer.entries, next))
    }

    #[test]
    fn an_answer_without_its_list_is_not_an_empty_list() {
        assert_eq!(page(Form::List, "{\"value\": []}"), Ok((vec![], None)));
        for bad in [
            "",
            "null",
            "[]",
            "{}",
            "{\"value\": null}",
            "{\"value\": 3}",
            "{\"value\": [",
            "<html>",
        ] {
            assert_eq!(page(Form::List, bad).unwrap_err().code, "Unreadable", "{bad}");
        }
        assert!(page(Form::List, "{\"value\": [], \"nextLink\": 3}").is_err());
    }

    #[test]
    fn the_next_page_is_named_by_a_link_or_a_token() {
        let next = |form, body| page(form, body).unwrap().1;
        assert_eq!(next(Form::List, "{\"value\": [], \"nextLink\": \"x\"}").as_deref(), Some("x"));
        assert_eq!(next(Form::List, "{\"value\": [], \"nextLink\": \"\"}"), None);
        assert_eq!(next(Form::List, "{\"value\": [], \"nextLink\": null}"), None);
        assert_eq!(
            next(Form::Posted, "{\"value\": [], \"skipToken\": \"t\"}").as_deref(),
            Some("t")
        );
        assert_eq!(
            next(Form::Graph, "{\"data\": [], \"$skipToken\": \"t\"}").as_deref(),
            Some("t")
        );
    }

    #[test]
    fn rows_of_the_graph_that_did_not_come_are_missed() {
        for cut in [
            "{\"totalRecords\": 2, \"data\": [{}]}",
            "{\"totalRecords\": 1, \"resultTruncated\": \"true\", \"data\": [{}]}",
        ] {
            assert_eq!(page(Form::Graph, cut).unwrap_err().code, "Truncated");
        }
        assert!(
            page(
                Form::Graph,
                "{\"totalRecords\": 1, \"resultTruncated\": \"false\", \"data\": [{}]}"
            )
            .is_ok()
        );
    }
}
