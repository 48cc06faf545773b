//! The marks around routes that a peer is sent again (RFC 7313 section 4).

use bytes::Bytes;
use routehub_types::{Family, FamilySet};
use routehub_wire::{RefreshKind, RouteRefresh, encode_end_of_rib};

/// Which marks a peer is still to be sent.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct RefreshMarks {
    /// Whether it understands them.
    agreed: bool,
    /// Families whose refresh is to begin.
    begin: FamilySet,
    /// Families whose refresh has begun.
    begun: FamilySet,
    /// Families whose End-of-RIB was sent: no refresh begins before it.
    complete: FamilySet,
}

impl RefreshMarks {
    /// Those of a session that has just been established.
    pub(crate) fn new(agreed: bool) -> Self {
        Self {
            agreed,
            ..Self::default()
        }
    }

    /// All routes of a family are to be sent again. Before the End-of-RIB they are anyway.
    pub(crate) const fn refresh(&mut self, family: Family) {
        if self.agreed && self.complete.contains(family) {
            self.begin = self.begin.with(family);
        }
    }

    /// The mark that comes before any more routes, if one is to be sent.
    pub(crate) fn take_begin(&mut self) -> Option<Bytes> {
        let family = self.begin.iter().next()?;
        self.begin = self.begin.without(family);
        self.begun = self.begun.with(family);
        Some(mark(family, RefreshKind::Begin))
    }

    /// The mark that all routes of a family were sent: the end of its refresh, or End-of-RIB.
    pub(crate) fn end(&mut self, family: Family) -> Bytes {
        self.complete = self.complete.with(family);
        if self.begun.contains(family) {
            self.begun = self.begun.without(family);
            return mark(family, RefreshKind::End);
        }
        let mut out = Vec::new();
        encode_end_of_rib(family, &mut out);
        out.into()
    }
}

fn mark(family: Family, kind: RefreshKind) -> Bytes {
    let mut out = Vec::new();
    RouteRefresh::new(family, kind).encode(&mut out);
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(marks: &[Bytes]) -> Vec<(u8, u8)> {
        marks.iter().map(|mark| (mark[18], mark[21])).collect()
    }

    #[test]
    fn a_refresh_is_marked_once_the_end_of_rib_was_sent() {
        let mut marks = RefreshMarks::new(true);
        marks.refresh(Family::Ipv4);
        assert_eq!(marks.take_begin(), None);
        assert_eq!(marks.end(Family::Ipv4)[18], 2);
        marks.refresh(Family::Ipv4);
        let begin = marks.take_begin().unwrap();
        let end = marks.end(Family::Ipv4);
        // ROUTE-REFRESH, BoRR and EoRR.
        assert_eq!(kinds(&[begin, end]), [(5, 1), (5, 2)]);
        assert_eq!(marks.end(Family::Ipv4)[18], 2);
    }

    #[test]
    fn who_does_not_understand_marks_gets_an_end_of_rib() {
        let mut marks = RefreshMarks::new(false);
        assert_eq!(marks.end(Family::Ipv6)[18], 2);
        marks.refresh(Family::Ipv6);
        assert_eq!(marks.take_begin(), None);
        assert_eq!(marks.end(Family::Ipv6)[18], 2);
    }
}
