//! A small table to try things on.
#![allow(dead_code, reason = "each test uses what it needs")]

use std::net::{IpAddr, Ipv4Addr};

use routehub_rib::{
    Admission, Announcement, Applied, AttrStore, DecisionConfig, LimitExceeded, Rib, Source,
    SourceId,
};
use routehub_types::{AsPath, Asn, AttrId, Attrs, Instant, Nlri, Prefix, Update};

pub(crate) struct Bed {
    pub(crate) store: AttrStore,
    pub(crate) rib: Rib,
    /// The prefixes whose best set changed, in that order.
    pub(crate) changed: Vec<Prefix>,
    pub(crate) now: Instant,
}

/// A prefix, by its text.
pub(crate) fn prefix(text: &str) -> Prefix {
    text.parse().unwrap()
}

/// So many different prefixes, with a base of /24s.
pub(crate) fn many(count: u32) -> Vec<Nlri> {
    let host = |n: u32| Prefix::host(IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + n)));
    (0..count).map(|n| Nlri::from(host(n))).collect()
}

impl Bed {
    pub(crate) fn new(config: DecisionConfig) -> Self {
        Self {
            store: AttrStore::new(1),
            rib: Rib::new(1, config),
            changed: Vec::new(),
            now: Instant::ZERO,
        }
    }

    /// A source whose address ends in its number.
    pub(crate) fn source(&mut self, number: u8) -> SourceId {
        self.source_with(Source {
            peer_address: IpAddr::V4(Ipv4Addr::new(10, 0, 4, number)),
            external: true,
            ..Source::default()
        })
    }

    pub(crate) fn source_with(&mut self, source: Source) -> SourceId {
        self.rib.add_source(source).unwrap()
    }

    /// Attributes with an AS path of that length.
    pub(crate) fn length(&mut self, length: u32) -> AttrId {
        let path = AsPath::sequence((0..length).map(|n| Asn(64500 + n)));
        self.store.intern(&Attrs {
            as_path: path,
            ..Attrs::default()
        })
    }

    pub(crate) fn apply(
        &mut self,
        source: SourceId,
        withdrawn: &[Nlri],
        attrs: AttrId,
        announced: &[Nlri],
        admit: impl FnMut(&mut AttrStore, &Announcement) -> Admission,
    ) -> Result<Applied, LimitExceeded> {
        let update = Update {
            withdrawn,
            attrs,
            announced,
        };
        let changed = &mut self.changed;
        self.rib.count(source, announced, self.now)?;
        Ok(self
            .rib
            .apply(&mut self.store, source, &update, admit, |_, delta| {
                changed.push(delta.prefix);
            }))
    }

    /// Announces prefixes with an AS path of that length.
    pub(crate) fn announce(&mut self, source: SourceId, length: u32, prefixes: &[Nlri]) -> Applied {
        let attrs = self.length(length);
        let accept = |_: &mut AttrStore, path: &Announcement| Admission::Accept(path.attrs);
        self.apply(source, &[], attrs, prefixes, accept).unwrap()
    }

    pub(crate) fn withdraw(&mut self, source: SourceId, prefixes: &[Nlri]) -> Applied {
        let attrs = self.length(0);
        self.apply(source, prefixes, attrs, &[], |_, _| unreachable!())
            .unwrap()
    }
}
