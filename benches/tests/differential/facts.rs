//! What a codec says an UPDATE is about, in a form in which codecs can be compared.

use routehub_types::Prefix;
use routehub_wire::{Attribute, Message, UpdateView, decode};

/// What an UPDATE says; lists keep their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Facts {
    pub(crate) withdrawn: Vec<String>,
    pub(crate) announced: Vec<String>,
    pub(crate) path: Vec<u32>,
    pub(crate) communities: Vec<u32>,
    pub(crate) large_communities: Vec<[u32; 3]>,
    pub(crate) med: Option<u32>,
    pub(crate) local_pref: Option<u32>,
    /// The types of the attributes, sorted.
    pub(crate) types: Vec<u8>,
}

impl Facts {
    /// All prefixes.
    pub(crate) fn prefixes(&self) -> impl Iterator<Item = Prefix> + '_ {
        let texts = self.withdrawn.iter().chain(&self.announced);
        texts.filter_map(|text| text.parse().ok())
    }
}

/// How ASNs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    Two,
    Four,
}

/// What this codec says, and whether it found the message in order.
pub(crate) fn ours(message: &[u8], width: Width) -> Option<(Facts, bool)> {
    let context = crate::context(width);
    match decode(message, &context) {
        Ok(Message::Update(update)) => Some((facts(&update), update.is_fault_free())),
        _ => None,
    }
}

fn facts(update: &UpdateView<'_>) -> Facts {
    let text = |prefix: Prefix| prefix.to_string();
    let mut facts = Facts {
        withdrawn: update.withdrawn().map(|nlri| text(nlri.prefix)).collect(),
        announced: update
            .announced()
            .flat_map(|field| field.nlri.map(move |nlri| text(nlri.prefix)))
            .collect(),
        types: update.raw_attributes().map(|raw| raw.code).collect(),
        ..Facts::default()
    };
    for attribute in update.attributes() {
        match attribute {
            Attribute::AsPath(path) => facts.path = path.asns().map(|asn| asn.0).collect(),
            Attribute::Communities(list) => facts.communities = list.map(|one| one.0).collect(),
            Attribute::LargeCommunities(list) => {
                let parts = list.map(|one| [one.global, one.local1, one.local2]);
                facts.large_communities = parts.collect();
            }
            Attribute::Med(med) => facts.med = Some(med),
            Attribute::LocalPref(preference) => facts.local_pref = Some(preference),
            _ => {}
        }
    }
    facts.types.sort_unstable();
    facts
}
