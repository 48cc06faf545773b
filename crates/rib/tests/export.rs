//! Export groups: what is sent, to whom, in which order, and how members catch up.

mod bed;

use std::collections::BTreeMap;

use bed::{Bed, many, prefix};
use routehub_rib::{
    DecisionConfig, Export, Exported, GroupConfig, GroupId, MemberId, Pull, SourceId, Step,
    Unsendable, Withheld,
};
use routehub_types::{AttrId, Family, FamilySet, Nlri, Prefix, RuleId};

fn bed() -> Bed {
    Bed::new(DecisionConfig::rfc4271())
}

fn flush(bed: &mut Bed, group: GroupId) -> usize {
    let flushed = bed
        .rib
        .flush(&mut bed.store, group, usize::MAX, |_, best| Ok(best.attrs));
    assert!(!flushed.more);
    flushed.batches
}

/// One pull, in owned form.
#[derive(Clone, Debug, PartialEq)]
enum Pulled {
    Announce(AttrId, SourceId, Vec<Prefix>),
    Withdraw(Vec<Prefix>),
    Complete(Family),
}

fn pull_one(bed: &mut Bed, member: MemberId) -> Option<Pulled> {
    match bed.rib.pull(&mut bed.store, member) {
        Pull::Idle => None,
        Pull::Complete(family) => Some(Pulled::Complete(family)),
        Pull::Routes(routes) => {
            let prefixes = routes.prefixes.iter().collect();
            Some(match routes.attrs {
                Some(attrs) => Pulled::Announce(attrs, routes.source, prefixes),
                None => Pulled::Withdraw(prefixes),
            })
        }
    }
}

/// All that a member can pull now, without the ends of its first walk.
fn pull(bed: &mut Bed, member: MemberId) -> Vec<Pulled> {
    let all = std::iter::from_fn(|| pull_one(bed, member));
    all.filter(|one| !matches!(one, Pulled::Complete(_)))
        .collect()
}

/// A group with a member for each source.
fn group(bed: &mut Bed, sources: &[SourceId], backlog: usize) -> (GroupId, Vec<MemberId>) {
    let group = bed.rib.add_group(GroupConfig {
        backlog,
        ..GroupConfig::default()
    });
    let members = sources
        .iter()
        .map(|source| bed.rib.add_member(group, Some(*source)));
    (group, members.collect())
}

#[test]
fn r088_nobody_is_sent_its_own_routes_back() {
    let mut bed = bed();
    let sources = [bed.source(1), bed.source(2)];
    let (group, members) = group(&mut bed, &sources, 1000);
    let route = many(1);
    bed.announce(sources[0], 1, &route);
    flush(&mut bed, group);
    assert_eq!(pull(&mut bed, members[0]), []);
    assert_eq!(pull(&mut bed, members[1]).len(), 1);
    assert_eq!(bed.rib.adj_out_len(members[0], Family::Ipv4), 0);
    assert_eq!(bed.rib.adj_out_len(members[1], Family::Ipv4), 1);
}

#[test]
fn r088_when_the_best_path_moves_the_new_source_alone_gets_the_withdrawal() {
    let mut bed = bed();
    let sources = [bed.source(1), bed.source(2), bed.source(3)];
    let (group, members) = group(&mut bed, &sources, 1000);
    let route = many(1);
    let prefixes = vec![route[0].prefix];
    bed.announce(sources[0], 3, &route);
    flush(&mut bed, group);
    members
        .iter()
        .for_each(|member| drop(pull(&mut bed, *member)));
    bed.announce(sources[1], 1, &route);
    flush(&mut bed, group);
    let attrs = bed.length(1);
    let announced = vec![Pulled::Announce(attrs, sources[1], prefixes.clone())];
    assert_eq!(pull(&mut bed, members[0]), announced);
    assert_eq!(pull(&mut bed, members[1]), [Pulled::Withdraw(prefixes)]);
    assert_eq!(pull(&mut bed, members[2]), announced);
}

#[test]
fn r088_a_member_whose_own_route_is_not_best_is_sent_the_best_one() {
    let mut bed = bed();
    let sources = [bed.source(1), bed.source(2)];
    let (group, members) = group(&mut bed, &sources, 1000);
    bed.announce(sources[0], 2, &many(1));
    bed.announce(sources[1], 1, &many(1));
    flush(&mut bed, group);
    assert_eq!(pull(&mut bed, members[0]).len(), 1);
    assert_eq!(pull(&mut bed, members[1]), []);
}

#[test]
fn r089_of_an_ecmp_set_the_path_of_the_lowest_peer_address_is_sent() {
    let mut bed = Bed::new(DecisionConfig::new(
        [Step::AsPathLength],
        [Step::PeerAddress],
        8,
    ));
    let sources = [bed.source(9), bed.source(4), bed.source(7)];
    let (group, members) = group(&mut bed, &sources, 1000);
    for source in sources {
        bed.announce(source, 1, &many(1));
    }
    assert_eq!(bed.rib.best(many(1)[0].prefix).len(), 3);
    flush(&mut bed, group);
    let sent = |bed: &mut Bed, member: usize| pull(bed, members[member]);
    assert!(
        matches!(&sent(&mut bed, 0)[..], [Pulled::Announce(_, source, _)] if *source == sources[1])
    );
    assert_eq!(sent(&mut bed, 1), []);
}

#[test]
fn flaps_between_two_flushes_are_sent_once_or_not_at_all() {
    let mut bed = bed();
    let source = bed.source(1);
    let (group, _) = group(&mut bed, &[source], 1000);
    let listener = bed.rib.add_member(group, None);
    for length in [3, 2, 1] {
        bed.announce(source, length, &many(5));
    }
    flush(&mut bed, group);
    assert_eq!(pull(&mut bed, listener).len(), 1);
    bed.withdraw(source, &many(5));
    bed.announce(source, 1, &many(5));
    assert_eq!(flush(&mut bed, group), 0);
    assert_eq!(pull(&mut bed, listener), []);
}

#[test]
fn batches_are_in_the_order_of_attributes_withdrawals_first() {
    let mut bed = bed();
    let source = bed.source(1);
    let (group, _) = group(&mut bed, &[source], 1000);
    let listener = bed.rib.add_member(group, None);
    let routes = many(40);
    bed.announce(source, 9, &routes[..4]);
    flush(&mut bed, group);
    pull(&mut bed, listener);
    bed.withdraw(source, &routes[..4]);
    for (n, route) in routes.iter().enumerate().skip(4) {
        bed.announce(source, 1 + n as u32 % 3, &[*route]);
    }
    assert_eq!(flush(&mut bed, group), 4);
    let batches = pull(&mut bed, listener);
    assert!(matches!(&batches[0], Pulled::Withdraw(prefixes) if prefixes.len() == 4));
    let sets: Vec<AttrId> = batches[1..]
        .iter()
        .map(|batch| match batch {
            Pulled::Announce(attrs, _, prefixes) if prefixes.len() == 12 => *attrs,
            other => panic!("{other:?}"),
        })
        .collect();
    assert!(sets.is_sorted() && sets.len() == 3);
}

#[test]
fn a_late_joiner_gets_everything_packed_by_attributes_and_then_an_end_of_rib() {
    let mut bed = bed();
    let source = bed.source(1);
    let (group, _) = group(&mut bed, &[source], 10);
    let routes = many(20_000);
    for (n, some) in routes.chunks(100).enumerate() {
        bed.announce(source, 1 + n as u32 % 5, some);
    }
    bed.announce(source, 1, &[Nlri::from(prefix("2001:db8::/32"))]);
    flush(&mut bed, group);
    let late = bed.rib.add_member(group, None);
    let (mut received, mut batches, mut ends) = (0, 0, Vec::new());
    while let Some(one) = pull_one(&mut bed, late) {
        match one {
            Pulled::Announce(_, _, prefixes) => {
                received += prefixes.len();
                batches += 1;
            }
            Pulled::Complete(family) => ends.push((family, received)),
            Pulled::Withdraw(prefixes) => panic!("{prefixes:?}"),
        }
    }
    assert_eq!(ends, [(Family::Ipv4, 20_000), (Family::Ipv6, 20_001)]);
    assert!(batches <= 16, "{batches} batches for 6 sets");
}

#[test]
fn the_first_member_of_a_group_waits_for_the_routes_before_it_is_told_that_they_are_all() {
    let mut bed = bed();
    let source = bed.source(1);
    let (other, _) = group(&mut bed, &[source], 10);
    bed.announce(source, 1, &many(10));
    flush(&mut bed, other);
    let group = bed.rib.add_group(GroupConfig {
        families: FamilySet::IPV4,
        ..GroupConfig::default()
    });
    let member = bed.rib.add_member(group, None);
    assert_eq!(pull_one(&mut bed, member), None, "nothing is known yet");
    flush(&mut bed, group);
    let told = pull(&mut bed, member);
    assert!(matches!(&told[..1], [Pulled::Announce(_, _, prefixes)] if prefixes.len() == 10));
    bed.announce(source, 2, &many(10));
    bed.rib.refresh_member(member, Family::Ipv4);
    assert_eq!(
        pull_one(&mut bed, member),
        None,
        "the change is not looked at yet"
    );
    flush(&mut bed, group);
    let all: Vec<Pulled> = std::iter::from_fn(|| pull_one(&mut bed, member)).collect();
    let end = Pulled::Complete(Family::Ipv4);
    assert!(matches!(&all[0], Pulled::Announce(_, _, prefixes) if prefixes.len() == 10));
    assert_eq!(all[1..], [end], "what is sent again is sent once");
}

#[test]
fn a_slow_member_costs_no_queue_and_ends_with_the_same_table() {
    let mut bed = bed();
    let source = bed.source(1);
    let (group, _) = group(&mut bed, &[source], 50);
    let (quick, slow) = (
        bed.rib.add_member(group, None),
        bed.rib.add_member(group, None),
    );
    pull(&mut bed, quick);
    pull(&mut bed, slow);
    let mut tables = [BTreeMap::new(), BTreeMap::new()];
    let routes = many(500);
    for round in 0..6 {
        bed.announce(source, 1 + round % 4, &routes[..400]);
        bed.withdraw(source, &routes[(round as usize * 30)..][..25]);
        flush(&mut bed, group);
        let reads = [(0, quick, usize::MAX), (1, slow, 2)];
        for (table, member, times) in reads {
            for _ in 0..times {
                let Some(one) = pull_one(&mut bed, member) else {
                    break;
                };
                take(&mut tables[table], one);
            }
        }
    }
    while let Some(one) = pull_one(&mut bed, slow) {
        take(&mut tables[1], one);
    }
    assert_eq!(tables[0], tables[1]);
    let listed = bed.rib.adj_out(slow, Family::Ipv4);
    let listed: BTreeMap<Prefix, AttrId> = listed
        .iter()
        .map(|route| (route.prefix, route.attrs))
        .collect();
    assert_eq!(tables[1], listed);
    assert!(listed.len() < 400);
}

fn take(table: &mut BTreeMap<Prefix, AttrId>, one: Pulled) {
    match one {
        Pulled::Announce(attrs, _, prefixes) => {
            table.extend(prefixes.iter().map(|one| (*one, attrs)));
        }
        Pulled::Withdraw(prefixes) => table.retain(|one, _| !prefixes.contains(one)),
        Pulled::Complete(_) => {}
    }
}

#[test]
fn a_refresh_sends_one_family_again_and_another_end() {
    let mut bed = bed();
    let source = bed.source(1);
    let (group, _) = group(&mut bed, &[source], 1000);
    let member = bed.rib.add_member(group, None);
    bed.announce(source, 1, &many(10));
    bed.announce(source, 1, &[Nlri::from(prefix("2001:db8::/32"))]);
    flush(&mut bed, group);
    pull(&mut bed, member);
    bed.rib.refresh_member(member, Family::Ipv4);
    assert!(
        matches!(pull_one(&mut bed, member), Some(Pulled::Announce(_, _, prefixes)) if prefixes.len() == 10)
    );
    assert_eq!(
        pull_one(&mut bed, member),
        Some(Pulled::Complete(Family::Ipv4))
    );
    assert_eq!(pull_one(&mut bed, member), None);
}

#[test]
fn a_batch_is_encoded_once_for_all_members() {
    let mut bed = bed();
    let source = bed.source(1);
    let (group, _) = group(&mut bed, &[source], 1000);
    let members: Vec<MemberId> = (0..5).map(|_| bed.rib.add_member(group, None)).collect();
    members
        .iter()
        .for_each(|member| drop(pull(&mut bed, *member)));
    bed.announce(source, 1, &many(10));
    flush(&mut bed, group);
    let mut encoded = 0;
    for member in members {
        let mut fresh = None;
        if let Pull::Routes(routes) = bed.rib.pull(&mut bed.store, member)
            && routes.encoded.is_none()
        {
            encoded += 1;
            fresh = routes.ticket;
        }
        if let Some(ticket) = fresh {
            bed.rib
                .keep_encoded(ticket, bytes::Bytes::from_static(b"update"));
        }
    }
    assert_eq!(encoded, 1);
}

#[test]
fn a_change_of_export_policy_sends_only_what_differs_and_every_refusal_has_its_rule() {
    let mut bed = bed();
    let source = bed.source(1);
    let (group, _) = group(&mut bed, &[source], 1000);
    let listener = bed.rib.add_member(group, None);
    bed.announce(source, 1, &many(10));
    flush(&mut bed, group);
    pull(&mut bed, listener);
    let blocked = many(1)[0].prefix;
    let policy = |_: &mut routehub_rib::AttrStore, best: &routehub_rib::Export| {
        if best.prefix == blocked {
            Err(Withheld::Refused(RuleId(98)))
        } else {
            Ok(best.attrs)
        }
    };
    bed.rib.reexport(group);
    assert!(bed.rib.needs_flush(group));
    bed.rib.flush(&mut bed.store, group, usize::MAX, policy);
    assert_eq!(pull(&mut bed, listener), [Pulled::Withdraw(vec![blocked])]);
    assert_eq!(
        bed.rib.exported(&mut bed.store, blocked, policy),
        Exported::Blocked {
            rule: RuleId(98),
            source
        }
    );
    assert_eq!(bed.rib.sent(group, blocked), None);
    let nothing = bed
        .rib
        .exported(&mut bed.store, prefix("192.0.2.0/24"), policy);
    assert_eq!(nothing, Exported::Nothing);
}

#[test]
fn what_no_message_holds_is_withdrawn_and_counted_until_it_changes() {
    let mut bed = bed();
    let (source, other) = (bed.source(1), bed.source(2));
    let (group, _) = group(&mut bed, &[source], 1000);
    let member = bed.rib.add_member(group, Some(other));
    let own = bed.rib.add_member(group, Some(source));
    bed.announce(source, 1, &many(2));
    flush(&mut bed, group);
    pull(&mut bed, member);
    let long = many(1)[0].prefix;
    let fits = |_: &mut routehub_rib::AttrStore, best: &Export| match best.prefix == long {
        true => Err(Withheld::Unsendable(RuleId(97))),
        false => Ok(best.attrs),
    };
    bed.announce(source, 2, &many(1));
    let flushed = bed.rib.flush(&mut bed.store, group, usize::MAX, fits);
    let unsendable = Unsendable {
        prefix: long,
        source,
        rule: RuleId(97),
    };
    assert_eq!(flushed.unsendable, [unsendable]);
    assert_eq!(pull(&mut bed, member), [Pulled::Withdraw(vec![long])]);
    let count = |bed: &Bed, member| bed.rib.unsendable_len(member, Family::Ipv4);
    assert_eq!((count(&bed, member), count(&bed, own)), (1, 0));
    assert_eq!(bed.rib.adj_out_len(member, Family::Ipv4), 1);
    bed.announce(source, 3, &many(1));
    flush(&mut bed, group);
    assert_eq!(count(&bed, member), 0);
    assert_eq!(bed.rib.adj_out_len(member, Family::Ipv4), 2);
    bed.announce(source, 4, &many(1));
    bed.rib.flush(&mut bed.store, group, usize::MAX, fits);
    bed.withdraw(source, &many(2));
    flush(&mut bed, group);
    assert_eq!(
        count(&bed, member),
        0,
        "a route that is gone is not counted"
    );
}

#[test]
fn a_group_sends_only_its_families() {
    let mut bed = bed();
    let source = bed.source(1);
    let group = bed.rib.add_group(GroupConfig {
        families: FamilySet::IPV4,
        ..GroupConfig::default()
    });
    let member = bed.rib.add_member(group, None);
    bed.announce(source, 1, &many(1));
    bed.announce(source, 1, &[Nlri::from(prefix("2001:db8::/32"))]);
    flush(&mut bed, group);
    assert_eq!(pull(&mut bed, member).len(), 1);
    assert_eq!(bed.rib.adj_out(member, Family::Ipv6), []);
}

#[test]
fn withdrawn_prefixes_are_forgotten_once_every_member_knows() {
    let mut bed = bed();
    let source = bed.source(1);
    let (group, _) = group(&mut bed, &[source], 10);
    let slow = bed.rib.add_member(group, None);
    bed.announce(source, 1, &many(100));
    flush(&mut bed, group);
    pull(&mut bed, slow);
    bed.withdraw(source, &many(100));
    flush(&mut bed, group);
    assert_eq!(
        bed.rib.entries(Family::Ipv4),
        100,
        "the member does not know yet"
    );
    let gone: usize = pull(&mut bed, slow)
        .iter()
        .map(|one| match one {
            Pulled::Withdraw(prefixes) => prefixes.len(),
            other => panic!("{other:?}"),
        })
        .sum();
    assert_eq!(gone, 100);
    flush(&mut bed, group);
    assert_eq!(bed.rib.entries(Family::Ipv4), 0);
}

#[test]
fn where_all_paths_count_a_path_that_is_not_best_is_told_and_elsewhere_only_the_best() {
    let mut bed = bed();
    let (first, second) = (bed.source(1), bed.source(2));
    let (plain, _) = group(&mut bed, &[], 10);
    let all_paths = bed.rib.add_group(GroupConfig {
        all_paths: true,
        ..GroupConfig::default()
    });
    let route = many(1);
    let changed = |bed: &mut Bed| {
        let is_told = bed.rib.needs_flush(plain);
        flush(bed, plain);
        let (prefixes, more) = bed.rib.take_changed(all_paths, 10);
        assert!(!more && !bed.rib.needs_flush(all_paths));
        (is_told, prefixes)
    };
    let prefix = vec![route[0].prefix];
    bed.announce(first, 1, &route);
    assert_eq!(changed(&mut bed), (true, prefix.clone()));
    // Another path, other attributes of it, and its end: none of them is best.
    for med in [7, 8] {
        bed.announce(second, med, &route);
        let is_best = bed.rib.best(route[0].prefix)[0].source == second;
        assert!(!is_best, "the first one is better");
        assert_eq!(changed(&mut bed), (false, prefix.clone()));
    }
    bed.withdraw(second, &route);
    assert_eq!(changed(&mut bed), (false, prefix.clone()));
    // A few at a time; and of what is gone nothing is left.
    bed.announce(first, 2, &many(5));
    let (some, more) = bed.rib.take_changed(all_paths, 3);
    assert!(some.len() == 3 && more);
    assert_eq!(changed(&mut bed).1.len(), 2);
    bed.withdraw(first, &many(5));
    assert_eq!(changed(&mut bed).1.len(), 5);
    assert_eq!(bed.rib.entries(Family::Ipv4), 0);
}
