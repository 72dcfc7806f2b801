//! What the text of an end can mean, before anybody looks at the estate.

use std::net::IpAddr;

use cloudfw_core::ServiceSet;
use ipnet::IpNet;

use super::QueryError;

/// The form of SOURCE or DESTINATION.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Selector<'a> {
    /// `internet`.
    Internet,
    /// `10.0.0.5`, `2001:db8::1`, `[2001:db8::1]`.
    Address(IpAddr),
    /// `10.0.0.0/8`.
    Network(IpNet),
    /// `tag:Key=Value`.
    Tag(&'a str, &'a str),
    /// `web-*`.
    Glob(&'a str),
    /// An id, an ARN or a name.
    Name(&'a str),
}

/// An end with its scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading<'a> {
    pub(crate) selector: Selector<'a>,
    /// What stands behind the last `@`.
    pub(crate) scope: Option<&'a str>,
}

impl<'a> Reading<'a> {
    /// What `text` may be, likeliest first: an `@` may be part of a name.
    pub(crate) fn of(text: &'a str) -> Result<Vec<Self>, QueryError> {
        let mut readings = Vec::with_capacity(2);
        if let Some((end, scope)) = text.rsplit_once('@')
            && !end.is_empty()
            && !scope.is_empty()
        {
            readings.push(Self { selector: Selector::of(end)?, scope: Some(scope) });
        }
        match Selector::of(text) {
            Ok(selector) => readings.push(Self { selector, scope: None }),
            Err(error) if readings.is_empty() => return Err(error),
            Err(_) => {}
        }
        Ok(readings)
    }
}

impl<'a> Selector<'a> {
    fn of(text: &'a str) -> Result<Self, QueryError> {
        if text.eq_ignore_ascii_case("internet") {
            return Ok(Self::Internet);
        }
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        if let Ok(address) = bare.parse() {
            return Ok(Self::Address(address));
        }
        if let Ok(network) = bare.parse() {
            return Ok(Self::Network(network));
        }
        if let Some(why) = bad_address(bare) {
            return Err(QueryError::BadAddress { text: text.to_owned(), why });
        }
        if let Some((key, value)) = text.strip_prefix("tag:").and_then(|tag| tag.split_once('=')) {
            return Ok(Self::Tag(key, value));
        }
        if text.contains(['*', '?']) {
            return Ok(Self::Glob(text));
        }
        Ok(Self::Name(text))
    }
}

/// What is wrong with a text that can only be meant as an address; `None` for any other.
fn bad_address(text: &str) -> Option<String> {
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length)),
        None => (text, None),
    };
    let parts: Vec<&str> = address.split('.').collect();
    let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    if parts.len() == 4 && parts.iter().all(is_number) {
        if let Some(part) = parts.iter().find(|part| part.parse::<u8>().is_err()) {
            return Some(format!("`{part}` is not a number from 0 to 255"));
        }
        if let Some(part) = parts.iter().find(|part| part.len() > 1 && part.starts_with('0')) {
            return Some(format!("`{part}` has a leading zero, which some read as octal"));
        }
        return length.map(|length| bad_length(length, 32));
    }
    let is_v6 = address.contains("::") || address.matches(':').count() >= 7;
    let hexadecimal = |c: char| c.is_ascii_hexdigit() || c == ':' || c == '.';
    if is_v6 && address.chars().all(hexadecimal) {
        return Some(match length {
            Some(length) if address.parse::<IpAddr>().is_ok() => bad_length(length, 128),
            _ => "it is not IPv6 as RFC 4291 writes it; a service goes behind brackets, as in \
                      `[2001:db8::1]:443`"
                .to_owned(),
        });
    }
    None
}

fn bad_length(length: &str, most: u8) -> String {
    format!("`/{length}` is not a prefix length from /0 to /{most}")
}

/// The two ways to read a destination's last colon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Split<'a> {
    /// It does not split.
    Whole,
    /// It splits only so.
    Certain(&'a str, ServiceSet),
    /// It may split so.
    Perhaps(&'a str, ServiceSet),
}

/// Where a destination's service begins.
///
/// The last colon splits only if its right side is a SERVICE and its left side is no bare IPv6
/// address.
pub(crate) fn split_service(text: &str) -> Split<'_> {
    let Some((end, service)) = text.rsplit_once(':') else { return Split::Whole };
    let Ok(service) = service.parse::<ServiceSet>() else { return Split::Whole };
    let address = end.split('@').next().unwrap_or(end);
    // `2001:db8::443` and `2001:db8::1:443` are addresses; `[…]:443` is the form with a port.
    if text.parse::<IpAddr>().is_ok() || address.parse::<std::net::Ipv6Addr>().is_ok() {
        return Split::Whole;
    }
    let bracketed = address.starts_with('[') && address.ends_with(']');
    if bracketed || address.parse::<IpAddr>().is_ok() || address.parse::<IpNet>().is_ok() {
        return Split::Certain(end, service);
    }
    Split::Perhaps(end, service)
}

/// The two sides of the last colon where what follows it is no service: `db:70000`, `db:http`.
pub(crate) fn suspicious_service(text: &str) -> Option<(&str, &str)> {
    let (end, service) = text.rsplit_once(':')?;
    (!end.is_empty() && service.parse::<ServiceSet>().is_err()).then_some((end, service))
}
