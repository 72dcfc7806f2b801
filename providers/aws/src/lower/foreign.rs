//! Fields that a document has and cloudfw has no meaning for, where they can matter.
//!
//! One that stands in a rule, a route or an entry of a list may change what it matches: what rests
//! on that rule is not known. One of an object that has no rules in it is nearly always a further
//! description of it, as AWS adds several a year: every answer whose way leads over the object
//! names it, and its verdict stays.

use std::collections::BTreeMap;
use std::sync::Arc;

use cloudfw_core::{Document, Origin, Pointer, Scope, Unknown};

use super::Lowering;
use super::scope::{compatible, place};
use super::table::{Object, Table};
use crate::kind::Kind;
use cloudfw_documents::manifest::{Call, Manifest};

/// Any element of a list: of what was left out of a recording the element is not known.
const ANY: &str = "*";

/// A field of an object that cloudfw has no meaning for.
#[derive(Debug, Clone)]
pub(super) struct Foreign {
    /// Where it stands, as a JSON pointer below the object; `*` for an index that is not known.
    pointer: Arc<str>,
    unknown: Unknown,
}

impl Foreign {
    /// The fields of an object of a kind, as pointers below it.
    pub(super) fn of<'p>(
        kind: Kind,
        above: &str,
        pointers: impl Iterator<Item = &'p str>,
        origin: &Origin,
    ) -> Vec<Self> {
        let object = place(origin);
        let foreign = |pointer: &str| Self {
            pointer: pointer.into(),
            unknown: Unknown::new(
                format!("the field `{}`", named(kind, above, pointer)),
                "cloudfw does not know it, nor what it changes",
                format!("{object}{pointer}"),
            ),
        };
        pointers.map(foreign).collect()
    }

    /// Whether it belongs to a list of rules of the object.
    fn is_of_rules(&self) -> bool {
        parts(&self.pointer).is_some_and(|(list, _, _)| RULES.contains(&list))
    }
}

/// The parts of `/IpRanges/2/Frobnicate`: the list, the index of its element where it is known, and
/// the rest. None for what is in no list.
fn parts(pointer: &str) -> Option<(&str, Option<usize>, &str)> {
    let (list, rest) = pointer.strip_prefix('/')?.split_once('/')?;
    let end = rest.find('/')?;
    let (index, rest) = rest.split_at(end);
    let index = if index == ANY { None } else { Some(index.parse().ok()?) };
    Some((list, index, rest))
}

/// `SecurityGroups.IpPermissions.Frobnicate`, without indices.
fn named(kind: Kind, above: &str, pointer: &str) -> String {
    let mut name = kind.to_string();
    let is_index = |token: &str| token == ANY || token.bytes().all(|byte| byte.is_ascii_digit());
    let tokens = pointer.split('/').skip(1).filter(|token| !is_index(token));
    for token in above.split('/').filter(|token| !token.is_empty()).chain(tokens) {
        name.push('.');
        name.extend(token.escape_debug());
    }
    name
}

/// Lists of rules: what is not understood there makes a rule doubtful, and describes no object.
const RULES: [&str; 4] = ["IpPermissions", "IpPermissionsEgress", "Entries", "Routes"];

/// What is not understood in the rules of an object, by its lists and the place of each in them.
#[derive(Debug, Clone, Default)]
pub(super) struct InRules<'f> {
    fields: BTreeMap<Slot<'f>, Vec<(&'f str, &'f Unknown)>>,
}

/// An element of a list: its name, and the index where it is known.
type Slot<'f> = (&'f str, Option<usize>);

impl<'f> InRules<'f> {
    pub(super) fn new(foreign: &'f [Foreign]) -> Self {
        let mut fields: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for one in foreign {
            if let Some((list, index, rest)) = parts(&one.pointer) {
                fields.entry((list, index)).or_default().push((rest, &one.unknown));
            }
        }
        Self { fields }
    }

    /// What stands in one rule.
    pub(super) fn of(&self, list: &'f str, index: usize) -> InRule<'f> {
        let mut here = InRule::default();
        for at in [Some(index), None] {
            for (rest, unknown) in self.fields.get(&(list, at)).into_iter().flatten() {
                here.any.get_or_insert(unknown);
                match parts(rest) {
                    Some((list, index, _)) => here.within.entry((list, index)).or_insert(unknown),
                    None => here.beside.get_or_insert(unknown),
                };
            }
        }
        here
    }
}

/// What is not understood in one rule of an object; where there is more, the first of it.
#[derive(Debug, Clone, Default)]
pub(super) struct InRule<'f> {
    any: Option<&'f Unknown>,
    beside: Option<&'f Unknown>,
    within: BTreeMap<Slot<'f>, &'f Unknown>,
}

impl InRule<'_> {
    /// Anything in the rule, however deep.
    pub(super) fn any(&self) -> Option<Unknown> {
        self.any.cloned()
    }

    /// What stands in no element of a list in the rule.
    pub(super) fn beside_lists(&self) -> Option<Unknown> {
        self.beside.cloned()
    }

    /// What stands in an element of a list in the rule.
    pub(super) fn within(&self, list: &str, index: usize) -> Option<Unknown> {
        let at = |index| self.within.get(&(list, index));
        at(Some(index)).or_else(|| at(None)).map(|unknown| (*unknown).clone())
    }
}

/// What live collection met, had no field for and left out: of which object is not known.
#[derive(Debug, Default)]
pub(super) struct LeftOut {
    fields: Vec<(Scope, Kind, Foreign)>,
}

impl LeftOut {
    /// Notes what a manifest lists. `folder` is the scope of its document.
    pub(super) fn take(&mut self, document: &Document, folder: &Scope, manifest: &Manifest) {
        for (i, call) in manifest.calls.iter().enumerate() {
            let Some(kind) = Kind::ALL.into_iter().find(|kind| kind.call() == call.call) else {
                continue;
            };
            let at = Pointer::root().element("calls", i);
            let at = place(&Origin::pointer(&document.name, at));
            for path in &call.fields_not_understood {
                let Some(pointer) = pointer_of(path) else { continue };
                let unknown = Unknown::new(
                    format!("the field `{}`", named(kind, "", &pointer)),
                    "`cloudfw record` does not know it and left it out, so that any may have it",
                    at.as_str(),
                );
                let foreign = Foreign { pointer: pointer.into(), unknown };
                self.fields.push((scope_of_call(folder, call), kind, foreign));
            }
        }
    }

    /// What was left out of the objects of a kind in a scope, or of a list in them.
    pub(super) fn of(&self, kind: Kind, scope: &Scope, list: &str) -> Vec<Foreign> {
        let fits = |(of, k, _): &&(Scope, Kind, Foreign)| *k == kind && compatible(of, scope);
        let below = |(_, _, foreign): &(Scope, Kind, Foreign)| {
            let rest = foreign.pointer.strip_prefix(list)?;
            let rest = if list.is_empty() { rest } else { rest.strip_prefix("/*")? };
            Some(Foreign { pointer: rest.into(), unknown: foreign.unknown.clone() })
        };
        self.fields.iter().filter(fits).filter_map(below).collect()
    }

    /// All of it.
    pub(super) fn all(&self) -> impl Iterator<Item = &Unknown> {
        self.fields.iter().map(|(_, _, foreign)| &foreign.unknown)
    }
}

fn scope_of_call(folder: &Scope, call: &Call) -> Scope {
    let told = |text: &Option<String>| text.as_deref().map(Arc::from);
    Scope {
        account: told(&call.account).or_else(|| folder.account.clone()),
        region: told(&call.region).or_else(|| folder.region.clone()),
    }
}

/// Elements whose name in documents is not their own with a capital, where rules are below them.
const RENAMED: [(&str, &str); 4] = [
    ("entrySet", "Entries"),
    ("groups", "UserIdGroupPairs"),
    ("instancesSet", "Instances"),
    ("routeSet", "Routes"),
];

/// The pointer of what EC2 writes as `securityGroupInfo/item/ipPermissions/item/fooBar`, below an
/// element of the list; none for what stands beside the list.
fn pointer_of(path: &str) -> Option<String> {
    let (_, below) = path.split_once("/item/").or_else(|| path.split_once('/'))?;
    let mut pointer = String::new();
    for element in below.split('/') {
        pointer.push('/');
        let renamed = RENAMED.iter().find(|(name, _)| *name == element);
        match (element, renamed) {
            ("item", _) => pointer.push_str(ANY),
            (_, Some((_, name))) => pointer.push_str(name),
            (_, None) => {
                let mut rest = element.chars();
                pointer.extend(rest.next().into_iter().flat_map(char::to_uppercase).chain(rest));
            }
        }
    }
    Some(pointer)
}

impl Lowering<'_> {
    /// Notes what is not understood of objects, so that answers that touch them name it.
    pub(super) fn note_remarks(&mut self) {
        let recorded = self.recorded;
        self.remark(&recorded.vpcs);
        self.remark(&recorded.subnets);
        self.remark(&recorded.interfaces);
        self.remark(&recorded.instances);
        self.remark(&recorded.groups);
        self.remark(&recorded.acls);
        self.remark(&recorded.tables);
        self.remark(&recorded.internet_gateways);
        self.remark(&recorded.egress_only_gateways);
        self.remark(&recorded.nat_gateways);
        self.remark(&recorded.peerings);
        self.remark(&recorded.endpoints);
        self.remark(&recorded.transit_gateways);
        self.remark(&recorded.vpn_gateways);
        self.remark(&recorded.carrier_gateways);
        let options = recorded.public_access.iter();
        options.for_each(|entry| self.remark_of(&entry.origin, &entry.foreign));
    }

    fn remark<T>(&mut self, table: &Table<'_, T>) {
        for entry in table.iter().filter_map(Object::first) {
            self.remark_of(&entry.origin, &entry.foreign);
        }
    }

    fn remark_of(&mut self, origin: &Origin, foreign: &[Foreign]) {
        let own = foreign.iter().filter(|one| !one.is_of_rules());
        let remarks: Vec<Unknown> = own.map(|one| one.unknown.clone()).collect();
        if !remarks.is_empty() {
            self.network.remarks.entry(origin.clone()).or_default().extend(remarks);
        }
    }
}
