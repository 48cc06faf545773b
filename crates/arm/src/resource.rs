//! A resource: its id, and its fields, flat as `az` prints them or under `properties` as REST has
//! them.

use std::net::IpAddr;

use routehub_types::{Asn, Prefix};
use serde_json::Value;

/// The subscription of what has no other: of an estate that is written as documents, and of an
/// endpoint of its own.
pub const SUBSCRIPTION: &str = "00000000-0000-0000-0000-000000000001";

/// A name as a segment of an id.
pub(crate) fn segment(name: &str) -> String {
    name.replace('/', "-")
}

/// The id of a resource; ids that differ in case alone are one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ResourceId(String);

impl ResourceId {
    /// The id that a text says.
    pub(crate) fn new(text: &str) -> Self {
        Self(text.trim_end_matches('/').to_ascii_lowercase())
    }

    /// The text of an id as it stands, in small letters already.
    pub(crate) const fn new_raw(text: String) -> Self {
        Self(text)
    }

    /// The id of the resource that this one is a part of, by the kind of that one:
    /// `virtualNetworks` of the id of a subnet.
    pub(crate) fn up_to(&self, kind: &str) -> Option<Self> {
        let kind = format!("/{}/", kind.to_ascii_lowercase());
        let start = self.0.find(&kind)? + kind.len();
        let end = self.0[start..]
            .find('/')
            .map_or(self.0.len(), |n| start + n);
        Some(Self(self.0[..end].to_owned()))
    }

    /// The id of what it is a part of, one level up.
    pub(crate) fn parent(&self) -> Option<Self> {
        let (above, _) = self.0.rsplit_once('/')?;
        let (above, _) = above.rsplit_once('/')?;
        Some(Self(above.to_owned()))
    }

    /// The id of the resource that it is, or that it is a part of at any depth.
    pub(crate) fn holder(&self) -> Self {
        let Some((scope, path)) = self.0.rsplit_once("/providers/") else {
            return self.clone();
        };
        let own: Vec<&str> = path.split('/').take(3).collect();
        Self(format!("{scope}/providers/{}", own.join("/")))
    }

    /// The kind, without the provider: `virtualnetworks/subnets`.
    pub(crate) fn kind(&self) -> String {
        let after = self.0.rsplit_once("/providers/");
        let path = after.map_or(self.0.as_str(), |(_, path)| path);
        let segments = path.split('/').skip(1).step_by(2);
        segments.collect::<Vec<_>>().join("/")
    }

    /// The text, in small letters.
    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// The last segment.
    pub(crate) fn last(&self) -> &str {
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// The resource group.
    pub(crate) fn group(&self) -> &str {
        let after = self.0.split("/resourcegroups/").nth(1);
        after.and_then(|path| path.split('/').next()).unwrap_or("")
    }
}

/// A value and its fields.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a>(pub(crate) &'a Value);

impl<'a> Fields<'a> {
    /// A field, as it stands or under `properties`, whatever its case.
    pub(crate) fn field(self, key: &str) -> Option<Self> {
        let find = |value: &'a Value| {
            let object = value.as_object()?;
            let exact = object.get(key);
            let found = exact.or_else(|| {
                let mut fields = object.iter();
                let (_, value) = fields.find(|(name, _)| name.eq_ignore_ascii_case(key))?;
                Some(value)
            });
            found.filter(|value| !value.is_null())
        };
        let nested = || find(self.0.as_object()?.get("properties")?);
        find(self.0).or_else(nested).map(Self)
    }

    /// A field of a field, and so on.
    pub(crate) fn at(self, keys: &[&str]) -> Option<Self> {
        keys.iter().try_fold(self, |fields, key| fields.field(key))
    }

    /// The items of a list that is a field; none if there is no such list.
    pub(crate) fn items(self, key: &str) -> impl Iterator<Item = Self> + use<'a> {
        let list = self.field(key).and_then(|field| field.0.as_array());
        list.into_iter().flatten().map(Fields)
    }

    /// Whether a virtual machine says that it has a NIC.
    pub(crate) fn has_nic(self, nic: &ResourceId) -> bool {
        let profile = self.field("networkProfile").into_iter();
        let mut nics = profile.flat_map(|profile| profile.items("networkInterfaces"));
        nics.any(|own| own.id().as_ref() == Some(nic))
    }

    /// A text.
    pub(crate) fn text(self, key: &str) -> Option<&'a str> {
        self.field(key)?.0.as_str().map(str::trim)
    }

    /// Yes or no, also as a text says it.
    pub(crate) fn flag(self, key: &str) -> Option<bool> {
        match self.field(key)?.0 {
            Value::Bool(value) => Some(*value),
            Value::String(text) => text.to_ascii_lowercase().parse().ok(),
            _ => None,
        }
    }

    /// A number, also as a text says it.
    pub(crate) fn number(self, key: &str) -> Option<u32> {
        match self.field(key)?.0 {
            Value::Number(number) => number.as_u64()?.try_into().ok(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    /// An ASN; 0 stands for none.
    pub(crate) fn asn(self, key: &str) -> Option<Asn> {
        let asn = self.number(key)?;
        (asn != 0).then_some(Asn(asn))
    }

    /// An address.
    pub(crate) fn address(self, key: &str) -> Option<IpAddr> {
        self.text(key)?.parse().ok()
    }

    /// The texts of a list, or those of one text between commas.
    pub(crate) fn texts(self, key: &str) -> Vec<&'a str> {
        let texts = match self.field(key).map(|field| field.0) {
            Some(Value::Array(items)) => items.iter().filter_map(Value::as_str).collect(),
            Some(Value::String(text)) => text.split(',').collect(),
            _ => Vec::new(),
        };
        let texts = texts.into_iter().map(str::trim);
        texts.filter(|text| !text.is_empty()).collect()
    }

    /// The prefixes of a list of texts; what is none is left out.
    pub(crate) fn prefixes(self, key: &str) -> Vec<Prefix> {
        let texts = self.texts(key).into_iter();
        texts.filter_map(|text| text.parse().ok()).collect()
    }

    /// The addresses of a list of texts; what is none is left out.
    pub(crate) fn addresses(self, key: &str) -> Vec<IpAddr> {
        let texts = self.texts(key).into_iter();
        texts.filter_map(|text| text.parse().ok()).collect()
    }

    /// The id that a field refers to: as a text, or as an object with an `id`.
    pub(crate) fn reference(self, key: &str) -> Option<ResourceId> {
        let field = self.field(key)?;
        let text = field.0.as_str().or_else(|| field.text("id"))?;
        Some(ResourceId::new(text))
    }

    /// Its own id.
    pub(crate) fn id(self) -> Option<ResourceId> {
        self.text("id").map(ResourceId::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const SUBNET: &str = "/subscriptions/S/resourceGroups/RG/providers/Microsoft.Network/\
         virtualNetworks/Hub/subnets/one";

    #[test]
    fn an_id_names_kind_group_and_what_it_is_part_of() {
        let id = ResourceId::new(SUBNET);
        assert_eq!(id.kind(), "virtualnetworks/subnets");
        assert_eq!((id.group(), id.last()), ("rg", "one"));
        let vnet = id.up_to("virtualNetworks").unwrap();
        assert_eq!(
            (vnet.kind().as_str(), vnet.last()),
            ("virtualnetworks", "hub")
        );
    }

    #[test]
    fn flat_and_nested_fields_are_read_alike() {
        let flat = json!({"asn": 65010, "subnet": {"id": SUBNET}, "prefixes": ["10.0.0.0/8", "x"]});
        let nested =
            json!({"properties": {"ASN": "65010", "subnet": SUBNET, "prefixes": "10.0.0.0/8"}});
        for value in [flat, nested] {
            let fields = Fields(&value);
            assert_eq!(fields.asn("asn"), Some(Asn(65010)));
            assert_eq!(fields.reference("subnet"), Some(ResourceId::new(SUBNET)));
            assert_eq!(fields.prefixes("prefixes"), ["10.0.0.0/8".parse().unwrap()]);
        }
    }
}
