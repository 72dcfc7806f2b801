//! One subscription to its end: every call, and those that can be made only when others are
//! answered.

use std::collections::{BTreeMap, BTreeSet};

use cloudfw_documents::manifest::{self, CallError, Manifest, Outcome};
use futures_util::StreamExt;
use futures_util::future::join_all;
use futures_util::stream;
use serde_json::{Map, Value, json};

use super::calls::{self, GRAPH_QUERY, GROUP_LIST, GROUPS_VERSION};
use super::fault::{Fault, NOT_REGISTERED};
use super::page::{Answer, Form, ask};
use super::transport::{Ask, Pace, Transport};
use super::write::{Destination, MANIFEST, file_name};
use super::{Event, LiveError, RecordedSubscription, Subscription};
use crate::by_hand::{LISTINGS, Listing, Of};
use crate::kind::Kind;

/// How many answers Azure works out for us at a time.
const WORKED_OUT_AT_ONCE: usize = 16;

/// How many calls [`Event::Answered`] is told of: one for each kind, whatever it takes to ask.
pub(super) fn calls(effective: bool) -> usize {
    kinds().len() + 2 + if effective { 2 } else { 0 }
}

/// What is listed, each kind once.
fn kinds() -> BTreeSet<Kind> {
    LISTINGS.iter().map(|listing| listing.kind).collect()
}

/// A subscription to ask.
pub(super) struct Place<'a> {
    pub(super) transport: &'a Transport,
    pub(super) pace: Pace,
    pub(super) subscription: &'a Subscription,
    pub(super) effective: bool,
    pub(super) progress: &'a (dyn Fn(Event) + Sync),
}

/// What a subscription answered.
pub(super) struct Visit {
    subscription: Subscription,
    log: Vec<manifest::Call>,
    /// By the names of their files, until they are written.
    documents: BTreeMap<String, Value>,
    /// What was in those that are written.
    objects: usize,
    /// Where its networks are.
    pub(super) locations: BTreeSet<String>,
}

/// Lists, by what they are of.
#[derive(Default)]
struct Lists(BTreeMap<Kind, Result<Vec<Value>, Fault>>);

impl Lists {
    /// The elements of a list; of one that was not answered none.
    fn of(&self, kind: Kind) -> &[Value] {
        self.0.get(&kind).and_then(|list| list.as_deref().ok()).unwrap_or_default()
    }

    /// Why there is no list.
    fn fault(&self, kind: Kind) -> Option<&Fault> {
        self.0.get(&kind).and_then(|list| list.as_ref().err())
    }

    /// Whether a list of the whole subscription was denied: then the credential sees only a part of
    /// it, and what Azure lists of the resource groups that it sees is not all there is.
    fn denied(&self) -> Option<&Fault> {
        let faults = self.0.values().filter_map(|list| list.as_ref().err());
        faults.into_iter().find(|fault| fault.outcome == Outcome::Denied)
    }
}

impl Place<'_> {
    /// Asks for everything.
    pub(super) async fn visit(&self) -> Visit {
        let mut visit = Visit {
            subscription: self.subscription.clone(),
            log: Vec::new(),
            documents: BTreeMap::new(),
            objects: 0,
            locations: BTreeSet::new(),
        };
        let (lists, power, groups) = tokio::join!(self.lists(), self.power_states(), self.groups());
        let lists = self.take_lists(&mut visit, lists, &power);
        self.take_groups(&mut visit, &lists, groups).await;
        self.parts(&mut visit, &lists).await;
        self.admin_rules(&mut visit, &lists).await;
        if self.effective {
            self.effective(&mut visit, &lists, Kind::EffectiveNetworkSecurityGroups).await;
            self.effective(&mut visit, &lists, Kind::EffectiveRouteTables).await;
        }
        for network in lists.of(Kind::VirtualNetworks) {
            // It becomes a part of a path, and of the name of a file.
            let is_one = |place: &String| place.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let location = text(network, "location").map(|place| place.replace(' ', ""));
            let location = location.filter(|place| !place.is_empty()).filter(is_one);
            visit.locations.extend(location.map(|place| place.to_ascii_lowercase()));
        }
        visit
    }

    async fn ask(&self, question: Result<Ask, Fault>, form: Form, kind: Option<Kind>) -> Answer {
        let question = match question {
            Ok(question) => question,
            Err(fault) => return Answer::none(fault),
        };
        let on_page = |entries| {
            let subscription = self.subscription.id.clone();
            let call = kind.map_or(GROUP_LIST, Kind::call);
            (self.progress)(Event::Page { subscription, call, entries });
        };
        let asker = (self.transport, &self.pace);
        let mut answer = ask(asker, question, form, kind, &on_page).await;
        if answer.end.as_ref().is_err_and(|fault| fault.code == NOT_REGISTERED) {
            answer = Answer { end: Ok(()), ..answer };
        }
        answer
    }

    async fn list(&self, path: &str, listing: &Listing) -> Answer {
        let parameters: Vec<_> = listing.parameters().collect();
        let url = self.transport.url(path, &parameters);
        let question = url.map(|url| Ask { url, body: None });
        self.ask(question, Form::List, Some(listing.kind)).await
    }

    /// What is listed for the whole subscription.
    async fn lists(&self) -> Vec<(&'static Listing, Answer)> {
        let whole = LISTINGS.iter().filter(|listing| listing.of == Of::Subscription);
        let asked = whole.map(|listing| async move {
            let id = &self.subscription.id;
            let path = format!("subscriptions/{id}/providers/{}", listing.arm_type());
            (listing, self.list(&path, listing).await)
        });
        join_all(asked).await
    }

    /// The power states of machines: Resource Graph tells them all at once.
    async fn power_states(&self) -> Answer {
        let url = self.transport.url(calls::GRAPH_PATH, &[("api-version", calls::GRAPH_VERSION)]);
        let body = Some(calls::power_states(&self.subscription.id));
        self.ask(url.map(|url| Ask { url, body }), Form::Graph, None).await
    }

    async fn groups(&self) -> Answer {
        let path = format!("subscriptions/{}/resourceGroups", self.subscription.id);
        let url = self.transport.url(&path, &[("api-version", GROUPS_VERSION)]);
        self.ask(url.map(|url| Ask { url, body: None }), Form::List, None).await
    }

    fn take_lists(
        &self,
        visit: &mut Visit,
        lists: Vec<(&'static Listing, Answer)>,
        power: &Answer,
    ) -> Lists {
        let states = power_by_machine(&power.entries);
        visit.log.push(self.log(GRAPH_QUERY, None, power));
        let mut all = Lists::default();
        for (listing, mut answer) in lists {
            let kind = listing.kind;
            if kind == Kind::VirtualMachines {
                answer.entries.iter_mut().for_each(|machine| tell_power(machine, &states));
            }
            visit.log.push(self.log(kind.call(), None, &answer));
            let list = answer.end.map(|()| answer.entries);
            if let Ok(entries) = &list {
                visit.keep(file_name(kind, None), entries.clone());
            }
            // Others are told of when the lists of their parts have come too.
            if !LISTINGS.iter().any(|other| other.kind == kind && other.of != Of::Subscription) {
                self.tell(visit, kind);
            }
            all.0.insert(kind, list);
        }
        all
    }

    /// What is listed for each resource group.
    async fn take_groups(&self, visit: &mut Visit, lists: &Lists, groups: Answer) {
        visit.log.push(self.log(GROUP_LIST, None, &groups));
        let seen: Vec<&str> = groups.entries.iter().filter_map(|group| name(group)).collect();
        let gap = groups.end.as_ref().err().cloned().or_else(|| hidden(lists, &seen));
        for listing in LISTINGS.iter().filter(|listing| listing.of == Of::ResourceGroups) {
            let asked = seen.iter().map(|group| {
                let path = format!(
                    "subscriptions/{}/resourceGroups/{group}/providers/{}",
                    self.subscription.id,
                    listing.arm_type()
                );
                async move { self.list(&path, listing).await }
            });
            let mut whole = Answer::none(Fault::failed("", ""));
            whole.end = gap.clone().map_or(Ok(()), Err);
            for answer in join_all(asked).await {
                whole.pages += answer.pages;
                whole.lacking.extend(answer.lacking);
                match answer.end {
                    Ok(()) => whole.entries.extend(answer.entries),
                    Err(fault) => whole.end = whole.end.and(Err(fault)),
                }
            }
            visit.log.push(self.log(listing.kind.call(), None, &whole));
            if whole.end.is_ok() || !whole.entries.is_empty() {
                visit.keep(file_name(listing.kind, None), whole.entries);
            }
            self.tell(visit, listing.kind);
        }
    }

    /// What is listed for each policy, hub and scale set.
    async fn parts(&self, visit: &mut Visit, lists: &Lists) {
        for listing in &LISTINGS {
            let (of, part) = match listing.of {
                Of::Subscription | Of::ResourceGroups => continue,
                Of::Each(kind) => (kind, None),
                Of::ScaleSets => (Kind::VirtualMachineScaleSets, Some("scale-sets")),
            };
            let part = part.filter(|_| listing.kind != Kind::VirtualMachineScaleSetVms);
            if let Some(fault) = lists.fault(of) {
                // Nobody knows whose to ask for: as unread as the list.
                let unasked = Answer::none(fault.clone());
                visit.log.push(self.log(listing.kind.call(), None, &unasked));
            } else {
                let owners = lists.of(of).iter();
                let owners = owners.filter(|one| listing.of != Of::ScaleSets || is_uniform(one));
                let owners = owners.filter_map(id).collect();
                self.parts_of(visit, listing, (of, owners), part).await;
            }
            self.tell(visit, listing.kind);
        }
    }

    async fn parts_of(
        &self,
        visit: &mut Visit,
        listing: &Listing,
        (of, owners): (Kind, Vec<&str>),
        part: Option<&str>,
    ) {
        let last = listing.arm_type().rsplit('/').next().unwrap_or_default();
        let asked = owners.iter().map(|owner| async move {
            match below(of, owner, last) {
                Ok(path) => self.list(&path, listing).await,
                Err(fault) => Answer::none(fault),
            }
        });
        let (mut entries, mut all_ok, mut log) = (Vec::new(), true, Vec::new());
        for (owner, answer) in owners.iter().zip(join_all(asked).await) {
            log.push(self.log(listing.kind.call(), Some(owner), &answer));
            all_ok &= answer.end.is_ok();
            if answer.end.is_ok() {
                entries.extend(answer.entries);
            }
        }
        if all_ok && part.is_none() {
            visit.log.push(self.whole(listing.kind, entries.len()));
        }
        visit.log.append(&mut log);
        if !entries.is_empty() || part.is_none() {
            visit.keep(file_name(listing.kind, part), entries);
        }
    }

    /// The admin rules that hold in each network (AZ-43).
    async fn admin_rules(&self, visit: &mut Visit, lists: &Lists) {
        let kind = Kind::SecurityAdminRules;
        if let Some(fault) = lists.fault(Kind::VirtualNetworks) {
            visit.log.push(self.log(kind.call(), None, &Answer::none(fault.clone())));
            return self.tell(visit, kind);
        }
        let networks: Vec<&str> = lists.of(Kind::VirtualNetworks).iter().filter_map(id).collect();
        let asked = networks.iter().map(|network| {
            let path = below(Kind::VirtualNetworks, network, calls::ADMIN_RULES);
            async move {
                let url = path.and_then(|path| self.transport.url(&path, &[calls::NETWORK]));
                let question = url.map(|url| Ask { url, body: Some(json!({})) });
                self.ask(question, Form::Posted, Some(kind)).await
            }
        });
        let answers = join_all(asked).await;
        self.take_each(visit, kind, "virtualNetwork", networks.into_iter().zip(answers));
    }

    /// What holds at each interface of a machine that may be running (AZ-75).
    async fn effective(&self, visit: &mut Visit, lists: &Lists, kind: Kind) {
        if let Some(fault) = lists.fault(Kind::NetworkInterfaces) {
            visit.log.push(self.log(kind.call(), None, &Answer::none(fault.clone())));
            return self.tell(visit, kind);
        }
        let stopped = stopped(lists.of(Kind::VirtualMachines));
        let running = |interface: &&Value| {
            let machine = interface.pointer("/properties/virtualMachine/id");
            let machine = machine.and_then(Value::as_str).map(str::to_ascii_lowercase);
            machine.is_some_and(|machine| !stopped.contains(&machine))
        };
        let interfaces = lists.of(Kind::NetworkInterfaces).iter().filter(running);
        let interfaces: Vec<&str> = interfaces.filter_map(id).collect();
        let asked = interfaces.iter().map(|interface| {
            let path = below(Kind::NetworkInterfaces, interface, calls::effective(kind));
            async move {
                let url = path.and_then(|path| self.transport.url(&path, &[calls::NETWORK]));
                let question = url.map(|url| Ask { url, body: Some(json!({})) });
                self.ask(question, Form::WorkedOut, Some(kind)).await
            }
        });
        let answers: Vec<Answer> = stream::iter(asked).buffered(WORKED_OUT_AT_ONCE).collect().await;
        self.take_each(visit, kind, "networkInterface", interfaces.into_iter().zip(answers));
    }

    /// Takes answers for one resource each, which is named beside its answer under `owner`.
    fn take_each<'o>(
        &self,
        visit: &mut Visit,
        kind: Kind,
        owner: &str,
        answers: impl Iterator<Item = (&'o str, Answer)>,
    ) {
        let (mut all_ok, mut count) = (true, 0);
        let mut begun = Vec::new();
        for (index, (of, answer)) in answers.enumerate() {
            begun.push(self.log(kind.call(), Some(of), &answer));
            all_ok &= answer.end.is_ok();
            if answer.end.is_ok() {
                count += answer.entries.len();
                let document = json!({owner: {"id": of}, "value": answer.entries});
                let name = file_name(kind, Some(&(index + 1).to_string()));
                visit.documents.insert(name, document);
            }
        }
        if all_ok {
            visit.log.push(self.whole(kind, count));
        }
        visit.log.append(&mut begun);
        self.tell(visit, kind);
    }

    /// The service tags as one location has them (AZ-33).
    pub(super) async fn service_tags(&self, visit: &mut Visit, locations: &[String]) {
        let kind = Kind::ServiceTags;
        for location in locations {
            let id = &self.subscription.id;
            let path = format!(
                "subscriptions/{id}/providers/Microsoft.Network/locations/{location}/serviceTags"
            );
            let url = self.transport.url(&path, &[calls::NETWORK]);
            let question = url.map(|url| Ask { url, body: None });
            let answer = self.ask(question, Form::Tags, Some(kind)).await;
            let mut row = self.log(kind.call(), Some(location), &answer);
            row.region = row.resource.take();
            visit.log.push(row);
            if answer.end.is_ok() {
                let mut document = answer.head;
                document.insert("values".to_owned(), Value::Array(answer.entries));
                visit.documents.insert(file_name(kind, Some(location)), Value::Object(document));
            }
        }
        self.tell(visit, kind);
    }

    /// That something was asked of all that there are to ask, each with a row of its own, and that
    /// all of them have answered.
    fn whole(&self, kind: Kind, count: usize) -> manifest::Call {
        let whole = self.log(kind.call(), None, &Answer::nothing());
        manifest::Call { count: Some(count as u64), ..whole }
    }

    fn log(&self, call: &str, of: Option<&str>, answer: &Answer) -> manifest::Call {
        let fault = answer.end.as_ref().err();
        manifest::Call {
            account: Some(self.subscription.id.clone()),
            region: None,
            call: call.to_owned(),
            resource: of.map(str::to_owned),
            time: Some(now()),
            count: fault.is_none().then_some(answer.entries.len() as u64),
            outcome: fault.map_or(Outcome::Ok, |fault| fault.outcome),
            error: fault.map(|fault| CallError {
                code: fault.code.clone(),
                message: match answer.pages {
                    0 => fault.message.clone(),
                    pages => format!("after {pages} pages: {}", fault.message),
                },
            }),
            fields_not_understood: answer.lacking.iter().cloned().collect(),
        }
    }

    fn tell(&self, visit: &Visit, kind: Kind) {
        let of_kind = visit.log.iter().filter(|row| row.call == kind.call());
        let outcome = of_kind.map(|row| row.outcome).max().unwrap_or(Outcome::Ok);
        let subscription = self.subscription.id.clone();
        (self.progress)(Event::Answered { subscription, call: kind.call(), outcome });
    }
}

impl Visit {
    fn keep(&mut self, name: String, entries: Vec<Value>) {
        let document = Map::from_iter([("value".to_owned(), Value::Array(entries))]);
        self.documents.insert(name, Value::Object(document));
    }

    /// Every call with its outcome.
    pub(super) fn log(&self) -> &[manifest::Call] {
        &self.log
    }

    fn manifest(&self) -> Manifest {
        Manifest { cloud: Some("azure".to_owned()), ..Manifest::of(self.log.clone()) }
    }

    /// Writes the documents that there are, and keeps them no longer: of many subscriptions they
    /// are more than fits into memory.
    pub(super) fn put_away(&mut self, destination: &Destination) -> Result<(), LiveError> {
        for (name, document) in std::mem::take(&mut self.documents) {
            let list = document.get("value").or_else(|| document.get("values"));
            self.objects += list.and_then(Value::as_array).map_or(0, Vec::len);
            destination.write(&self.subscription.id, &name, &document)?;
        }
        Ok(())
    }

    /// Writes what is left, and which calls were made.
    pub(super) fn finish(&mut self, destination: &Destination) -> Result<(), LiveError> {
        self.put_away(destination)?;
        destination.write(&self.subscription.id, MANIFEST, &self.manifest())
    }

    pub(super) fn publish(
        self,
        destination: &Destination,
    ) -> Result<RecordedSubscription, LiveError> {
        let folder = destination.publish(&self.subscription.id)?;
        let (manifest, objects) = (self.manifest(), self.objects);
        Ok(RecordedSubscription { subscription: self.subscription, folder, manifest, objects })
    }
}

/// The path of what belongs to a resource. Its id was told by the server: one that is not of the
/// kind that was asked for could make a call of another kind.
fn below(kind: Kind, id: &str, last: &str) -> Result<String, Fault> {
    if Kind::from_id(id) == Some(kind) {
        Ok(format!("{id}/{last}"))
    } else {
        Err(Fault::failed("OddId", &format!("`{id}` is not the id of one of the {kind}")))
    }
}

fn text(object: &Value, key: &str) -> Option<String> {
    object.get(key)?.as_str().map(str::to_owned)
}

fn id(object: &Value) -> Option<&str> {
    object.get("id")?.as_str()
}

fn name(object: &Value) -> Option<&str> {
    object.get("name")?.as_str()
}

/// Scale sets of the other kind have machines and interfaces like any other.
fn is_uniform(set: &Value) -> bool {
    let mode = set.pointer("/properties/orchestrationMode").and_then(Value::as_str);
    !mode.is_some_and(|mode| mode.eq_ignore_ascii_case("Flexible"))
}

/// Why the resource groups that were seen may not be all: Azure lists those in which the credential
/// may read anything, and says nothing of others.
fn hidden(lists: &Lists, seen: &[&str]) -> Option<Fault> {
    if let Some(fault) = lists.denied() {
        return Some(fault.clone());
    }
    let resources = lists.0.values().filter_map(|list| list.as_deref().ok()).flatten();
    let unseen = resources.filter_map(id).filter_map(group_of).find(|group| {
        let is_seen = seen.iter().any(|seen| seen.eq_ignore_ascii_case(group));
        !is_seen
    })?;
    let message = format!("the credential does not see the resource group `{unseen}`");
    let fault = Fault::failed("AuthorizationFailed", &message);
    Some(Fault { outcome: Outcome::Denied, ..fault })
}

/// The resource group of an id.
fn group_of(id: &str) -> Option<&str> {
    let mut parts = id.split('/').skip_while(|part| !part.eq_ignore_ascii_case("resourceGroups"));
    parts.nth(1).filter(|group| !group.is_empty())
}

/// The rows of Resource Graph, by machine.
fn power_by_machine(rows: &[Value]) -> BTreeMap<String, &Value> {
    let of = |row| Some((id(row)?.to_ascii_lowercase(), row));
    rows.iter().filter_map(of).collect()
}

/// Puts a machine's power state to where Resource Graph has it.
fn tell_power(machine: &mut Value, states: &BTreeMap<String, &Value>) {
    let Some(row) = id(machine).and_then(|id| states.get(&id.to_ascii_lowercase())) else { return };
    let mut state = Map::new();
    for key in ["code", "displayStatus"] {
        let told = text(row, key).filter(|told| !told.is_empty());
        state.extend(told.map(|told| (key.to_owned(), Value::from(told))));
    }
    if !state.is_empty()
        && let Some(properties) = machine.get_mut("properties").and_then(Value::as_object_mut)
    {
        let view = json!({"instanceView": {"powerState": state}});
        properties.insert("extended".to_owned(), view);
    }
}

/// The machines that are known not to run, in lower case.
fn stopped(machines: &[Value]) -> BTreeSet<String> {
    let is_stopped = |machine: &&Value| {
        let code = machine.pointer("/properties/extended/instanceView/powerState/code");
        code.and_then(Value::as_str).is_some_and(|code| {
            !matches!(code, "PowerState/running" | "PowerState/starting" | "PowerState/unknown")
        })
    };
    let ids = machines.iter().filter(is_stopped).filter_map(id);
    ids.map(str::to_ascii_lowercase).collect()
}

/// The time, to the second.
fn now() -> String {
    let now = jiff::Timestamp::now();
    now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_is_rfc_3339_to_the_second() {
        let now = now();
        assert!(now.len() == 20 && now.ends_with('Z') && now.starts_with("20"), "{now}");
    }

    #[test]
    fn t_9_groups_and_machines_are_known_in_any_letter_case() {
        assert_eq!(group_of("/subscriptions/s/RESOURCEGROUPS/Net/providers/x/y/z"), Some("Net"));
        assert_eq!(group_of("/subscriptions/s"), None);
        let row = json!({"id": "/A/vm", "code": "PowerState/deallocated", "displayStatus": ""});
        let rows = [row];
        let states = power_by_machine(&rows);
        let mut machine = json!({"id": "/a/VM", "properties": {}});
        tell_power(&mut machine, &states);
        let view = json!({"instanceView": {"powerState": {"code": "PowerState/deallocated"}}});
        assert_eq!(machine["properties"]["extended"], view);
        assert!(stopped(&[machine]).contains("/a/vm"));
    }

    #[test]
    fn resource_groups_that_are_not_listed_make_the_list_doubtful() {
        let nic = json!({"id": "/subscriptions/s/resourceGroups/b/providers/x/y/z"});
        let lists = Lists(BTreeMap::from([(Kind::NetworkInterfaces, Ok(vec![nic]))]));
        assert_eq!(hidden(&lists, &["A", "B"]), None);
        assert_eq!(hidden(&lists, &["A"]).unwrap().outcome, Outcome::Denied);
        let denied = Fault::refused(403, b"");
        let lists = Lists(BTreeMap::from([(Kind::NetworkInterfaces, Err(denied.clone()))]));
        assert_eq!(hidden(&lists, &["A"]), Some(denied));
    }
}
