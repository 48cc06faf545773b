//! How values look where a test fails or a program is traced: as people write them.

use core::fmt;

use crate::{AsPath, Attrs, FamilySet, NextHop};

/// Writes the text form where the debug form is asked for, as addresses do.
macro_rules! as_displayed {
    ($($type:ident),+ $(,)?) => {$(
        impl fmt::Debug for crate::$type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }
    )+};
}

as_displayed!(
    Asn,
    AttrId,
    Community,
    ExtendedCommunity,
    Instant,
    Ipv6ExtendedCommunity,
    LargeCommunity,
    Nlri,
    PeerId,
    RouterId,
    RuleId,
);

impl fmt::Debug for AsPath {
    /// Writes the text form in quotes: an empty path is seen too.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

impl fmt::Debug for FamilySet {
    /// Writes `{Ipv4, Ipv6}`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl fmt::Debug for NextHop {
    /// Writes the address, with the link-local one beside it where there is one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.address.fmt(f)?;
        match self.link_local {
            Some(link_local) => write!(f, " ({link_local})"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Attrs {
    /// Writes the fields that are set; ORIGIN, AS_PATH and the next hop always are.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut fields = f.debug_struct("Attrs");
        fields.field("origin", &self.origin);
        fields.field("as_path", &self.as_path);
        fields.field("next_hop", &self.next_hop);
        let plain = Self::default();
        macro_rules! set {
            ($($name:ident),+ $(,)?) => {$(
                if self.$name != plain.$name {
                    fields.field(stringify!($name), &self.$name);
                }
            )+};
        }
        set!(
            med,
            local_pref,
            atomic_aggregate,
            aggregator,
            communities,
            originator_id,
            cluster_list,
            extended_communities,
            ipv6_extended_communities,
            large_communities,
            aigp,
            only_to_customer,
            unknown,
        );
        fields.finish()
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use core::net::Ipv4Addr;

    use crate::{
        AsPath, Asn, Attrs, Community, FamilySet, Instant, Nlri, Prefix, RouterId, RuleId,
    };

    #[test]
    fn values_are_debugged_as_people_write_them() {
        let shown = format!(
            "{:?} {:?} {:?} {:?} {:?} {:?}",
            Asn(65001),
            Community::new(65001, 7),
            RouterId::from(Ipv4Addr::new(10, 0, 6, 4)),
            Nlri::from(Prefix::default_of(crate::Family::Ipv4)),
            RuleId(51),
            Instant::from_millis(90_250),
        );
        assert_eq!(shown, "65001 65001:7 10.0.6.4 0.0.0.0/0 R-051 90.250 s");
        assert_eq!(format!("{:?}", FamilySet::ALL), "{Ipv4, Ipv6}");
        assert_eq!(format!("{:?}", AsPath::empty()), "\"\"");
    }

    #[test]
    fn attributes_show_what_is_set() {
        let attrs = Attrs {
            communities: [Community::NO_EXPORT].into(),
            med: Some(5),
            ..Attrs::new(Asn(65001).into(), Ipv4Addr::new(10, 0, 4, 4))
        };
        assert_eq!(
            format!("{attrs:?}"),
            "Attrs { origin: Igp, as_path: \"65001\", next_hop: 10.0.4.4, med: Some(5), \
             communities: [65535:65281] }"
        );
        assert_eq!(
            format!("{attrs}"),
            "ORIGIN igp, AS_PATH 65001, NEXT_HOP 10.0.4.4, MULTI_EXIT_DISC 5, COMMUNITIES 65535:65281"
        );
    }
}
