//! Doing what actions say, and copying attributes only when something really changes.

use alloc::borrow::Cow;
use alloc::vec::Vec;

use routehub_types::{AsPath, Asn, Attrs, Community, Prefix, Segment};

use crate::condition::is_path;
use crate::{Action, CommunityPattern, PrivateScope, RemovePrivate};

/// A route on its way through the rules; without a prefix where only the set is looked at.
pub(crate) struct Route<'a> {
    pub(crate) attrs: Cow<'a, Attrs>,
    pub(crate) prefix: Option<Prefix>,
}

impl Route<'_> {
    /// Does one action; says whether anything changed.
    pub(crate) fn apply(&mut self, action: &Action) -> bool {
        match action {
            Action::Accept | Action::Reject => false,
            Action::ReplacePrefix(list) => self.replace_prefix(list),
            Action::Prepend(_)
            | Action::ReplacePath(_)
            | Action::ReplaceAsn { .. }
            | Action::RemoveAsns(_)
            | Action::RemovePrivate(_) => self.apply_to_path(action),
            Action::AddCommunities(_)
            | Action::RemoveCommunities(_)
            | Action::ReplaceCommunities { .. }
            | Action::AddLargeCommunities(_)
            | Action::RemoveLargeCommunities(_)
            | Action::AddExtendedCommunities(_)
            | Action::RemoveExtendedCommunities(_) => self.apply_to_communities(action),
            Action::SetMed(med) => self.change(self.attrs.med != *med, |attrs| attrs.med = *med),
            Action::SetLocalPref(value) => {
                let changes = self.attrs.local_pref != *value;
                self.change(changes, |attrs| attrs.local_pref = *value)
            }
            Action::SetNextHop(next) => {
                let changes = self.attrs.next_hop != *next;
                self.change(changes, |attrs| attrs.next_hop = *next)
            }
            Action::SetOrigin(origin) => {
                let changes = self.attrs.origin != *origin;
                self.change(changes, |attrs| attrs.origin = *origin)
            }
            Action::AddOnlyToCustomer(asn) => {
                let changes = self.attrs.only_to_customer.is_none();
                self.change(changes, |attrs| attrs.only_to_customer = Some(*asn))
            }
        }
    }

    /// Changes the attributes if that changes anything.
    fn change(&mut self, changes: bool, change: impl FnOnce(&mut Attrs)) -> bool {
        if changes {
            change(self.attrs.to_mut());
        }
        changes
    }

    fn replace_prefix(&mut self, list: &[Prefix]) -> bool {
        let Some(now) = self.prefix else { return false };
        let family = list.iter().filter(|prefix| prefix.family() == now.family());
        let around = family.clone().filter(|prefix| prefix.contains(now));
        let innermost = around.max_by_key(|prefix| prefix.length());
        let Some(new) = innermost.or_else(|| family.clone().next()) else {
            return false;
        };
        self.prefix = Some(*new);
        *new != now
    }

    fn apply_to_path(&mut self, action: &Action) -> bool {
        let path = &self.attrs.as_path;
        match action {
            Action::Prepend(asns) => self.change(!asns.is_empty(), |attrs| {
                asns.iter()
                    .rev()
                    .for_each(|asn| attrs.as_path.prepend(*asn, 1));
            }),
            Action::ReplacePath(asns) => self.change(!is_path(path, asns), |attrs| {
                attrs.as_path = AsPath::sequence(asns.iter().copied());
            }),
            Action::ReplaceAsn { from, to } => {
                let changes = from != to && path.contains(*from);
                self.change(changes, |attrs| attrs.as_path.replace(*from, *to))
            }
            Action::RemoveAsns(list) => {
                let changes = path.asns().any(|asn| list.contains(&asn));
                self.change(changes, |attrs| {
                    attrs.as_path.retain(|asn| !list.contains(&asn));
                })
            }
            Action::RemovePrivate(how) => {
                let changes = how.reach(path) > 0;
                self.change(changes, |attrs| attrs.as_path = how.cleaned(&attrs.as_path))
            }
            _ => false,
        }
    }

    fn apply_to_communities(&mut self, action: &Action) -> bool {
        let there = &self.attrs.communities;
        let large = &self.attrs.large_communities;
        let extended = &self.attrs.extended_communities;
        let fits = |list: &[CommunityPattern], community: Community| {
            list.iter().any(|p| p.holds(community))
        };
        match action {
            Action::AddCommunities(list) => self.change(lacks(there, list), |attrs| {
                insert_missing(&mut attrs.communities, list);
            }),
            Action::RemoveCommunities(list) => {
                let goes = |community: &Community| fits(list, *community);
                self.change(there.iter().any(goes), |attrs| {
                    attrs.communities.retain(|community| !goes(community));
                })
            }
            Action::ReplaceCommunities { with, keep } => {
                let stays =
                    |community: &Community| with.contains(community) || fits(keep, *community);
                let changes = !there.iter().all(stays) || lacks(there, with);
                self.change(changes, |attrs| {
                    attrs.communities.retain(stays);
                    insert_missing(&mut attrs.communities, with);
                })
            }
            Action::AddLargeCommunities(list) => self.change(lacks(large, list), |attrs| {
                insert_missing(&mut attrs.large_communities, list);
            }),
            Action::RemoveLargeCommunities(list) => {
                self.change(large.iter().any(|item| list.contains(item)), |attrs| {
                    attrs.large_communities.retain(|item| !list.contains(item));
                })
            }
            Action::AddExtendedCommunities(list) => self.change(lacks(extended, list), |attrs| {
                insert_missing(&mut attrs.extended_communities, list);
            }),
            Action::RemoveExtendedCommunities(list) => {
                self.change(extended.iter().any(|item| list.contains(item)), |attrs| {
                    attrs
                        .extended_communities
                        .retain(|item| !list.contains(item));
                })
            }
            _ => false,
        }
    }
}

/// Whether something of a list is not there.
fn lacks<T: PartialEq>(there: &[T], list: &[T]) -> bool {
    list.iter().any(|item| !there.contains(item))
}

/// Inserts what is not there, each before the first greater one.
fn insert_missing<T: Ord + Copy>(there: &mut Vec<T>, list: &[T]) {
    for item in list {
        if !there.contains(item) {
            let at = there.partition_point(|other| other < item);
            there.insert(at, *item);
        }
    }
}

impl RemovePrivate {
    /// Whether an ASN is one that goes.
    fn goes(&self, asn: Asn) -> bool {
        asn.is_private() && self.keep != Some(asn)
    }

    /// How many ASNs of a path, from its front, are looked at; 0 if nothing changes.
    fn reach(&self, path: &AsPath) -> usize {
        let reach = match self.scope {
            PrivateScope::All => path.asns().count(),
            PrivateScope::Leading => path.asns().take_while(|asn| asn.is_private()).count(),
            PrivateScope::PrivatePaths if path.asns().all(Asn::is_private) => path.asns().count(),
            PrivateScope::PrivatePaths => 0,
        };
        let changes = |asn: Asn| self.goes(asn) && self.replace_with != Some(asn);
        if path.asns().take(reach).any(changes) {
            reach
        } else {
            0
        }
    }

    /// The path without the private ASNs that go.
    fn cleaned(&self, path: &AsPath) -> AsPath {
        let mut left = self.reach(path);
        let clean = |segment: &Segment| {
            let asns = segment.asns.iter().filter_map(|asn| {
                let in_reach = left > 0;
                left = left.saturating_sub(1);
                match in_reach && self.goes(*asn) {
                    true => self.replace_with,
                    false => Some(*asn),
                }
            });
            Segment {
                kind: segment.kind,
                asns: asns.collect(),
            }
        };
        AsPath::from_segments(path.segments().iter().map(clean))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use core::net::Ipv4Addr;
    use std::string::{String, ToString};

    fn route<'a>(as_path: &str) -> Route<'a> {
        let path = as_path.parse().unwrap();
        Route {
            attrs: Cow::Owned(Attrs::new(path, Ipv4Addr::new(10, 0, 0, 1))),
            prefix: Some("10.0.0.0/8".parse().unwrap()),
        }
    }

    /// The path after an action; `=` if the action says that nothing changed.
    fn path_after(as_path: &str, action: &Action) -> String {
        let mut route = route(as_path);
        match route.apply(action) {
            true => route.attrs.as_path.to_string(),
            false => "=".into(),
        }
    }

    fn remove(scope: PrivateScope, replace_with: Option<u32>, keep: Option<u32>) -> Action {
        Action::RemovePrivate(RemovePrivate {
            scope,
            replace_with: replace_with.map(Asn),
            keep: keep.map(Asn),
        })
    }

    #[test]
    fn removing_all_private_asns_leaves_the_public_ones() {
        let all = remove(PrivateScope::All, None, None);
        assert_eq!(
            path_after("65001 3320 4200000000 {65002,7}", &all),
            "3320 {7}"
        );
        assert_eq!(path_after("65001 65002", &all), "");
        assert_eq!(path_after("3320 {7}", &all), "=");
    }

    #[test]
    fn removing_leading_private_asns_stops_at_the_first_public_one() {
        let leading = remove(PrivateScope::Leading, None, None);
        assert_eq!(path_after("65001 65002 3320 65003", &leading), "3320 65003");
        assert_eq!(path_after("3320 65003", &leading), "=");
    }

    #[test]
    fn a_path_with_a_public_asn_stays_whole_where_only_private_paths_are_meant() {
        let paths = remove(PrivateScope::PrivatePaths, None, None);
        assert_eq!(path_after("65001 65002", &paths), "");
        assert_eq!(path_after("65001 3320", &paths), "=");
    }

    #[test]
    fn replaced_private_asns_keep_the_length_and_the_receivers_own_stays() {
        let replaced = remove(PrivateScope::All, Some(7), Some(65002));
        assert_eq!(path_after("65001 65002 3320", &replaced), "7 65002 3320");
        assert_eq!(path_after("65002 3320", &replaced), "=");
    }

    #[test]
    fn an_override_puts_the_own_asn_wherever_the_receivers_stands() {
        let action = Action::ReplaceAsn {
            from: Asn(65100),
            to: Asn(7),
        };
        assert_eq!(
            path_after("65001 65100 {65100,9}", &action),
            "65001 7 {7,9}"
        );
        assert_eq!(path_after("65001", &action), "=");
    }

    #[test]
    fn a_list_in_front_keeps_its_order() {
        let action = Action::Prepend(Vec::from([1, 2].map(Asn)));
        assert_eq!(path_after("{3,4}", &action), "1 2 {3,4}");
        assert_eq!(path_after("3", &Action::Prepend(Vec::new())), "=");
    }

    #[test]
    fn a_set_of_the_same_asns_is_not_the_same_path() {
        let action = Action::ReplacePath(Vec::from([1, 2].map(Asn)));
        assert_eq!(path_after("{1,2}", &action), "1 2");
        assert_eq!(path_after("1 2", &action), "=");
    }

    #[test]
    fn a_prefix_is_replaced_within_its_family_only() {
        let mut route = route("1");
        assert!(!route.apply(&Action::ReplacePrefix(Vec::from(["::/0".parse().unwrap()]))));
        let lists = ["::/0", "11.0.0.0/8", "0.0.0.0/0"].map(|text| text.parse().unwrap());
        assert!(route.apply(&Action::ReplacePrefix(lists.into())));
        assert_eq!(route.prefix, Some("0.0.0.0/0".parse().unwrap()));
    }

    #[test]
    fn an_action_that_changes_nothing_leaves_the_attributes_borrowed() {
        let attrs = Attrs::new("65001".parse().unwrap(), Ipv4Addr::new(10, 0, 0, 1));
        let mut route = Route {
            attrs: Cow::Borrowed(&attrs),
            prefix: None,
        };
        for action in [
            Action::SetMed(None),
            Action::SetNextHop(attrs.next_hop),
            Action::RemoveCommunities(Vec::from([CommunityPattern::ANY])),
            Action::RemoveAsns(Vec::from([Asn(7)])),
            Action::clear_communities(),
        ] {
            assert!(!route.apply(&action), "{action}");
        }
        assert!(matches!(route.attrs, Cow::Borrowed(_)));
    }
}
