//! From the text of a policy to its expectations, with every error that reading finds.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::ops::Range;

use cloudfw_core::{Client, ServiceSet, Verdict, line_column};
use ipnet::IpNet;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{self, Key};
use super::{Expectation, Network, Placed, Policy, PolicyError, Quantifier, Severity, Texts};
use crate::query::{parse_client, parse_service, parse_verdict};

type Value<'d> = Spanned<DeValue<'d>>;

impl Policy {
    /// Reads a policy. `file` is what it is called in errors and reports.
    ///
    /// # Errors
    ///
    /// [`PolicyError`], with everything that is wrong in it.
    pub fn parse(file: &str, text: &str) -> Result<Self, PolicyError> {
        let (table, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            let said = |error: &toml::de::Error| {
                let message = error.message().trim_end().replace('\n', ", ");
                (error.span().unwrap_or(0..0), message)
            };
            return Err(PolicyError::new(file, text, errors.iter().map(said)));
        }
        let mut reader = Reader { text, problems: Vec::new() };
        let (networks, expectations) = reader.file(table.get_ref());
        if !reader.problems.is_empty() {
            return Err(PolicyError::new(file, text, reader.problems));
        }
        Ok(Self { file: file.to_owned(), text: text.into(), networks, expectations })
    }
}

/// Reads, and notes what is wrong.
struct Reader<'t> {
    text: &'t str,
    problems: Vec<(Range<usize>, String)>,
}

/// What an expectation or a group says.
#[derive(Clone, Default)]
struct Said {
    name: Option<Placed<String>>,
    from: Option<Texts>,
    to: Option<Texts>,
    except_from: Option<Texts>,
    except_to: Option<Texts>,
    services: Option<ServiceSet>,
    verdict: Option<Verdict>,
    quantifier: Option<Quantifier>,
    client: Option<Client>,
    one_way: Option<bool>,
    severity: Option<Severity>,
    /// The keys that are there, with a good value or a bad one.
    keys: BTreeSet<String>,
}

impl Said {
    /// The same, with what a group says where this does not.
    fn within(self, group: &Self) -> Self {
        let group = group.clone();
        Self {
            name: self.name,
            from: self.from.or(group.from),
            to: self.to.or(group.to),
            except_from: self.except_from.or(group.except_from),
            except_to: self.except_to.or(group.except_to),
            services: self.services.or(group.services),
            verdict: self.verdict.or(group.verdict),
            quantifier: self.quantifier.or(group.quantifier),
            client: self.client.or(group.client),
            one_way: self.one_way.or(group.one_way),
            severity: self.severity.or(group.severity),
            keys: self.keys.union(&group.keys).cloned().collect(),
        }
    }

    /// What it is called where nobody named it.
    fn described(&self) -> String {
        let list = |texts: &Option<Texts>| {
            texts.as_ref().map(|texts| texts.plain().join(", ")).unwrap_or_default()
        };
        let service = self.services.as_ref().filter(|services| !services.is_full());
        let service = service.map(|services| format!(" {services}")).unwrap_or_default();
        let verdict = self.verdict.map(|verdict| verdict.to_string()).unwrap_or_default();
        format!("{} → {}{service}: {verdict}", list(&self.from), list(&self.to))
    }
}

impl Reader<'_> {
    fn wrong(&mut self, span: Range<usize>, message: impl Into<String>) {
        self.problems.push((span, message.into()));
    }

    fn file(&mut self, table: &DeTable<'_>) -> (BTreeMap<String, Network>, Vec<Expectation>) {
        let is_clear = self.unknown_keys(table, keys::FILE, "");
        let networks = self.networks(table);
        let mut found = self.expectations(table, None);
        for (group, span) in self.tables(table, "group") {
            self.group(group, span, &mut found);
        }
        if is_clear && !table.contains_key("expect") && !table.contains_key("group") {
            self.wrong(0..0, "nothing is expected: write at least one `[[expect]]`");
        }
        found.sort_by_key(|expectation| expectation.span.start);
        self.names_twice(&found);
        (networks, found)
    }

    fn group(&mut self, table: &DeTable<'_>, span: Range<usize>, found: &mut Vec<Expectation>) {
        let is_clear = self.unknown_keys(table, &keys::group(), " of a group");
        let said = self.said(table);
        if is_clear && !table.contains_key("expect") {
            self.wrong(span, "nothing is expected in this group: write `[[group.expect]]` below");
        }
        found.extend(self.expectations(table, Some(&said)));
    }

    /// The tables of a list of tables, each with its place.
    fn tables<'v, 'd>(
        &mut self,
        table: &'v DeTable<'d>,
        key: &str,
    ) -> Vec<(&'v DeTable<'d>, Range<usize>)> {
        let Some(value) = table.get(key) else { return Vec::new() };
        let message = || format!("each `[[{key}]]` is a table of its own, in double brackets");
        let DeValue::Array(list) = value.get_ref() else {
            self.wrong(value.span(), message());
            return Vec::new();
        };
        if list.is_empty() {
            self.wrong(value.span(), format!("`{key}` is empty: take it out, or expect something"));
        }
        let mut tables = Vec::new();
        for entry in list {
            match entry.get_ref() {
                DeValue::Table(table) => tables.push((table, entry.span())),
                _ => self.wrong(entry.span(), message()),
            }
        }
        tables
    }

    fn expectations(&mut self, table: &DeTable<'_>, group: Option<&Said>) -> Vec<Expectation> {
        let mut found = Vec::new();
        for (entry, span) in self.tables(table, "expect") {
            self.unknown_keys(entry, &keys::expectation(), " of an expectation");
            let said = self.said(entry);
            let said = match group {
                Some(group) => said.within(group),
                None => said,
            };
            found.extend(self.expectation(said, span, group));
        }
        found
    }

    fn expectation(
        &mut self,
        said: Said,
        span: Range<usize>,
        group: Option<&Said>,
    ) -> Option<Expectation> {
        let missing = keys::NEEDED.iter().filter(|key| !said.keys.contains(**key));
        let missing: Vec<String> = missing.map(|key| format!("`{key}`")).collect();
        if !missing.is_empty() {
            let message = format!("this expectation has no {}", missing.join(" and no "));
            self.wrong(span.clone(), message);
        }
        let described = said.described();
        Some(Expectation {
            name: said.name.map_or(described, |name| name.value),
            group: group.and_then(|group| group.name.clone()).map(|name| name.value),
            severity: said.severity,
            from: said.from?,
            to: said.to?,
            except_from: said.except_from.unwrap_or_default(),
            except_to: said.except_to.unwrap_or_default(),
            services: said.services.unwrap_or_else(ServiceSet::full),
            verdict: said.verdict?,
            quantifier: said.quantifier.unwrap_or_default(),
            client: said.client,
            one_way: said.one_way.unwrap_or_default(),
            span,
        })
    }

    /// What the keys of an expectation or of a group say.
    fn said(&mut self, table: &DeTable<'_>) -> Said {
        // A misspelt key is told of as such, and not as one that is missing as well.
        let known = keys::expectation();
        let known: Vec<&str> = known.iter().map(|key| key.name).collect();
        let words = table.keys().map(|key| key.get_ref().as_ref());
        let keys = words.map(|word| nearest(word, &known).unwrap_or(word).to_owned()).collect();
        Said {
            name: self.text(table, "name"),
            from: self.texts(table, "from"),
            to: self.texts(table, "to"),
            except_from: self.texts(table, "except-from"),
            except_to: self.texts(table, "except-to"),
            services: self.services(table),
            verdict: self.verdict(table),
            quantifier: self.word(table, "for", keys::QUANTIFIERS, |word| {
                Quantifier::ALL.into_iter().find(|one| one.name() == word)
            }),
            client: self.client(table),
            one_way: self.flag(table, "one-way"),
            severity: self.word(table, "severity", keys::SEVERITIES, Severity::from_name),
            keys,
        }
    }

    /// A text that is not empty.
    fn text(&mut self, table: &DeTable<'_>, key: &str) -> Option<Placed<String>> {
        let value = table.get(key)?;
        match self.texts_of(value, key)?.as_slice() {
            [one] if matches!(value.get_ref(), DeValue::String(_)) => Some(one.clone()),
            _ => {
                self.wrong(value.span(), format!("`{key}` is one text"));
                None
            }
        }
    }

    fn texts(&mut self, table: &DeTable<'_>, key: &str) -> Option<Texts> {
        let value = table.get(key)?;
        Some(Texts { texts: self.texts_of(value, key)?, span: value.span() })
    }

    /// A text or a list of texts, none empty.
    fn texts_of(&mut self, value: &Value<'_>, key: &str) -> Option<Vec<Placed<String>>> {
        let one = |value: &Value<'_>| match value.get_ref() {
            DeValue::String(text) if !text.trim().is_empty() => {
                Some(Placed { value: text.to_string(), span: value.span() })
            }
            _ => None,
        };
        let entries = match value.get_ref() {
            DeValue::Array(list) => list.iter().collect(),
            _ => vec![value],
        };
        if entries.is_empty() {
            self.wrong(value.span(), format!("`{key}` is empty: take it out, or name something"));
            return None;
        }
        let mut found = Vec::new();
        let mut is_good = true;
        for entry in entries {
            match (one(entry), entry.get_ref()) {
                (Some(text), _) => {
                    found.push(text);
                    continue;
                }
                (None, DeValue::String(_)) => {
                    self.wrong(entry.span(), format!("`{key}` has an empty text"));
                }
                (None, _) => {
                    self.wrong(entry.span(), format!("`{key}` is a text or a list of texts"));
                }
            }
            is_good = false;
        }
        is_good.then_some(found)
    }

    fn flag(&mut self, table: &DeTable<'_>, key: &str) -> Option<bool> {
        let value = table.get(key)?;
        if let DeValue::Boolean(flag) = value.get_ref() {
            return Some(*flag);
        }
        self.wrong(value.span(), format!("`{key}` is `true` or `false`, without quotes"));
        None
    }

    /// One of a few words.
    fn word<T>(
        &mut self,
        table: &DeTable<'_>,
        key: &str,
        words: &[&str],
        of: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let text = self.text(table, key)?;
        let found = of(&text.value);
        if found.is_none() {
            let message =
                no_such(&format!("`{}` is no value of `{key}`", text.value), &text.value, words);
            self.wrong(text.span, message);
        }
        found
    }

    fn verdict(&mut self, table: &DeTable<'_>) -> Option<Verdict> {
        let text = self.text(table, "verdict")?;
        let word = text.value.to_lowercase();
        match parse_verdict(&word) {
            Ok(Verdict::Unknown) => {
                let message = "nobody can expect `unknown`: what is not known proves nothing";
                self.wrong(text.span, message);
            }
            Ok(Verdict::Partial) => {
                let message = "`partial` says that pairs or ports differ: expect something of \
                               each part in an `[[expect]]` of its own";
                self.wrong(text.span, message);
            }
            Ok(verdict) => return Some(verdict),
            Err(_) => {
                let what = format!("`{}` is no verdict", text.value);
                self.wrong(text.span, no_such(&what, &word, keys::VERDICTS));
            }
        }
        None
    }

    fn services(&mut self, table: &DeTable<'_>) -> Option<ServiceSet> {
        let texts = match table.get("service")?.get_ref() {
            DeValue::Integer(_) => {
                let span = table.get("service")?.span();
                self.wrong(span, "`service` is a text: put the port in quotes, as in \"5432\"");
                return None;
            }
            _ => self.texts(table, "service")?,
        };
        let mut all = Some(ServiceSet::empty());
        for text in texts.texts {
            match parse_service(&text.value) {
                Ok(services) => all = all.map(|all| all.union(&services)),
                Err(error) => {
                    self.wrong(text.span, error.to_string());
                    all = None;
                }
            }
        }
        all
    }

    fn client(&mut self, table: &DeTable<'_>) -> Option<Client> {
        let text = self.text(table, "client")?;
        match parse_client(&text.value) {
            Ok(client) => Some(client),
            Err(error) => {
                self.wrong(text.span, error.to_string());
                None
            }
        }
    }

    fn networks(&mut self, table: &DeTable<'_>) -> BTreeMap<String, Network> {
        let mut networks = BTreeMap::new();
        let Some(value) = table.get("networks") else { return networks };
        let DeValue::Table(named) = value.get_ref() else {
            let message = "`networks` is a table of names with their CIDRs: office = \
                           \"198.51.100.0/24\"";
            self.wrong(value.span(), message);
            return networks;
        };
        for (name, value) in named {
            let key = name.get_ref().to_string();
            if let Some(means) = taken(&key) {
                let message = format!(
                    "no network can be called `{key}`, which means {means}: give it another name"
                );
                self.wrong(name.span(), message);
            }
            let Some(cidrs) = self.texts_of(value, &key) else { continue };
            for cidr in &cidrs {
                if let Some(why) = bad_cidr(&cidr.value) {
                    self.wrong(cidr.span.clone(), why);
                }
            }
            let cidrs = cidrs.into_iter().map(|cidr| cidr.value).collect();
            networks.insert(key, Network { cidrs, span: name.span() });
        }
        networks
    }

    /// Notes the keys that nobody knows. Whether there is none: what seems to be missing may stand
    /// under one of them.
    fn unknown_keys(&mut self, table: &DeTable<'_>, known: &[Key], of: &str) -> bool {
        let before = self.problems.len();
        let names: Vec<&str> = known.iter().map(|key| key.name).collect();
        for key in table.keys() {
            let word = key.get_ref().as_ref();
            if names.contains(&word) {
                continue;
            }
            let what = format!("unknown key `{word}`{of}");
            let message = match keys::meant(&word.to_lowercase()) {
                Some(meant) if names.contains(&"from") => {
                    format!("{what}: {meant}")
                }
                _ => match nearest(word, &names) {
                    Some(near) => format!("{what}: did you mean `{near}`?"),
                    None => format!("{what}: the keys are {}", names.join(", ")),
                },
            };
            self.wrong(key.span(), message);
        }
        self.problems.len() == before
    }

    /// Two expectations of one name cannot be told apart in a report.
    fn names_twice(&mut self, found: &[Expectation]) {
        let mut known: BTreeMap<(Option<&str>, &str), &Expectation> = BTreeMap::new();
        for one in found {
            let key = (one.group.as_deref(), one.name.as_str());
            let Some(first) = known.get(&key) else {
                known.insert(key, one);
                continue;
            };
            let (line, _) = line_column(self.text, first.span.start);
            let message = format!(
                "`{}` is what the expectation on line {line} is called already: give this one \
                 another `name`",
                one.name
            );
            self.problems.push((one.span.clone(), message));
        }
    }
}

/// Why a network cannot have this name: what it means already.
fn taken(name: &str) -> Option<&'static str> {
    let is_cidr = || name.split_once('/').is_some_and(|(ip, _)| ip.parse::<IpAddr>().is_ok());
    if name.trim().is_empty() {
        Some("nothing")
    } else if name.eq_ignore_ascii_case("internet") {
        Some("everything public outside the estate")
    } else if name.parse::<IpAddr>().is_ok() || is_cidr() {
        Some("the address itself")
    } else if name.contains(['*', '?']) {
        Some("every name that it matches")
    } else if name.starts_with("tag:") {
        Some("whatever has the tag")
    } else {
        None
    }
}

fn bad_cidr(text: &str) -> Option<String> {
    let is_good = text.parse::<IpAddr>().is_ok() || text.parse::<IpNet>().is_ok();
    (!is_good)
        .then(|| format!("`{text}` is neither a CIDR nor an address, such as 198.51.100.0/24"))
}

fn no_such(what: &str, word: &str, known: &[&str]) -> String {
    match nearest(word, known) {
        Some(near) => format!("{what}: did you mean `{near}`?"),
        None => {
            let known: Vec<String> = known.iter().map(|word| format!("`{word}`")).collect();
            format!("{what}: write {}", known.join(" or "))
        }
    }
}

/// The known word that is most like one, if any is.
fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let word = word.to_lowercase().replace('_', "-");
    // Of two that are one slip away, letters in another order are likelier than one too many.
    let distance = |near: &&'a str| {
        (strsim::damerau_levenshtein(&word, near), near.len().abs_diff(word.len()), *near)
    };
    let (distance, _, near) = known.iter().map(distance).min()?;
    (distance <= near.len().div_ceil(3)).then_some(near)
}
