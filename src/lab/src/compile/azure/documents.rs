//! Documents as resources: lists with `value` or `data`, bare arrays, single ones; with
//! `properties`, or flattened.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;

use crate::compile::Unsupported;

/// All resources, by their types and ids in lower case (T-9).
pub(super) struct Documents<'a> {
    by_type: BTreeMap<String, BTreeMap<String, Resource<'a>>>,
}

/// A resource, or a named part of one.
#[derive(Clone, Copy)]
pub(super) struct Resource<'a>(&'a Value);

impl<'a> Documents<'a> {
    pub(super) fn read(documents: &'a [(String, Value)]) -> Result<Self, Unsupported> {
        let mut read = Self { by_type: BTreeMap::new() };
        for (name, document) in documents {
            let list = document.get("value").or_else(|| document.get("data")).unwrap_or(document);
            match list {
                Value::Array(items) => {
                    items.iter().try_for_each(|item| read.add(Resource(item)))?;
                }
                Value::Object(_) => read.add(Resource(list))?,
                _ => return Err(Unsupported::new(name, "neither a list nor a resource")),
            }
        }
        Ok(read)
    }

    fn add(&mut self, resource: Resource<'a>) -> Result<(), Unsupported> {
        let id = resource.id()?;
        let Some(kind) = resource.text("type") else {
            return Err(Unsupported::new(id, "it has no type"));
        };
        for part in ["subnets", "virtualNetworkPeerings"] {
            // Groups and tables name their subnets as well, by their ids alone.
            if kind.eq_ignore_ascii_case("Microsoft.Network/virtualNetworks") {
                resource.list(part).try_for_each(|part| self.add(part))?;
            }
        }
        self.by_type.entry(kind.to_lowercase()).or_default().insert(id.to_lowercase(), resource);
        Ok(())
    }

    /// The resources of a type, in lower case.
    pub(super) fn all(&self, kind: &str) -> impl Iterator<Item = Resource<'a>> + '_ {
        self.by_type.get(kind).into_iter().flat_map(BTreeMap::values).copied()
    }

    /// One of them, by its id.
    pub(super) fn find(&self, kind: &str, id: &str) -> Option<Resource<'a>> {
        self.by_type.get(kind)?.get(&id.to_lowercase()).copied()
    }
}

impl<'a> Resource<'a> {
    /// A field, of `properties` or beside.
    pub(super) fn get(&self, field: &str) -> Option<&'a Value> {
        let nested = self.0.get("properties").and_then(|properties| properties.get(field));
        nested.or_else(|| self.0.get(field)).filter(|value| !value.is_null())
    }

    pub(super) fn text(&self, field: &str) -> Option<&'a str> {
        self.get(field)?.as_str().filter(|text| !text.is_empty())
    }

    pub(super) fn id(&self) -> Result<&'a str, Unsupported> {
        self.text("id").ok_or_else(|| Unsupported::new("?", "a resource without an id"))
    }

    /// Its id in lower case.
    pub(super) fn key(&self) -> Result<String, Unsupported> {
        Ok(self.id()?.to_lowercase())
    }

    /// Its name, as its id ends.
    pub(super) fn name(&self) -> Result<&'a str, Unsupported> {
        Ok(self.id()?.rsplit('/').next().unwrap_or_default())
    }

    /// What it is a part of: its id without the last two words, in lower case.
    pub(super) fn parent(&self) -> Result<String, Unsupported> {
        let id = self.key()?;
        let mut words = id.rsplitn(3, '/');
        Ok(words.nth(2).unwrap_or_default().to_owned())
    }

    /// The id that a reference names, in lower case.
    pub(super) fn reference(&self, field: &str) -> Option<String> {
        Some(self.get(field)?.get("id")?.as_str()?.to_lowercase())
    }

    /// The ids that references of a list name, in lower case.
    pub(super) fn references(&self, field: &str) -> Vec<String> {
        let named = self.list(field).filter_map(|it| it.text("id"));
        named.map(str::to_lowercase).collect()
    }

    pub(super) fn flag(&self, field: &str, otherwise: bool) -> Result<bool, Unsupported> {
        match self.get(field) {
            None => Ok(otherwise),
            Some(value) => value.as_bool().ok_or_else(|| {
                Unsupported::new(self.text("id").unwrap_or("?"), format!("`{field}` is {value}"))
            }),
        }
    }

    /// The parts of a list.
    pub(super) fn list(&self, field: &str) -> impl Iterator<Item = Resource<'a>> + use<'a> {
        let items = self.get(field).and_then(Value::as_array);
        items.into_iter().flatten().map(Resource)
    }

    /// The texts of both forms of a field (AZ-16): `destinationPortRange` and `…Ranges`.
    pub(super) fn both(&self, one: &str, many: &str) -> Vec<&'a str> {
        let several = self.get(many).and_then(Value::as_array).into_iter().flatten();
        let several = several.filter_map(Value::as_str).filter(|text| !text.is_empty());
        self.text(one).into_iter().chain(several).collect()
    }

    /// The prefixes of an address space.
    pub(super) fn space(&self, field: &str) -> Result<Option<Vec<IpNet>>, Unsupported> {
        let Some(space) = self.get(field) else { return Ok(None) };
        let texts = Resource(space).both("", "addressPrefixes");
        texts.into_iter().map(|text| net(self.id()?, text)).collect::<Result<_, _>>().map(Some)
    }
}

/// A prefix, or an address without a length (T-3).
pub(super) fn net(at: &str, text: &str) -> Result<IpNet, Unsupported> {
    let parsed = text.parse::<IpNet>().map(|net| net.trunc());
    let parsed = parsed.ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from));
    parsed.ok_or_else(|| Unsupported::new(at, format!("`{text}` is no prefix")))
}
