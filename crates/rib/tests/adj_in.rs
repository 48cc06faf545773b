//! What a source announced: kept, refused, stale, lost.

mod bed;

use bed::{Bed, many, prefix};
use routehub_rib::{
    AdjIn, Admission, Age, Announcement, AttrStore, DecisionConfig, Source, Standing, Step,
};
use routehub_types::{Family, Nlri, PathId, RuleId};

fn bed() -> Bed {
    Bed::new(DecisionConfig::rfc4271())
}

fn with_id(text: &str, id: u32) -> Nlri {
    Nlri {
        prefix: prefix(text),
        path_id: Some(PathId(id)),
    }
}

#[test]
fn a_rejected_route_is_kept_with_its_reason_and_admitted_later_without_a_refresh() {
    let mut bed = bed();
    let source = bed.source(1);
    let (attrs, routes) = (bed.length(1), [Nlri::from(prefix("10.0.0.0/16"))]);
    let refuse = |_: &mut AttrStore, _: &Announcement| Admission::Reject(RuleId(51));
    let applied = bed.apply(source, &[], attrs, &routes, refuse).unwrap();
    assert_eq!((applied.rejected, applied.changed), (1, 0));
    let paths = bed.rib.paths(&bed.store, routes[0].prefix);
    assert_eq!(paths[0].standing, Standing::Ineligible(RuleId(51)));
    assert_eq!(paths[0].received, Some(attrs));
    bed.store.collect(|id| panic!("{id} is in use"));
    bed.rib.reapply_import(
        &mut bed.store,
        source,
        |_, path| Admission::Accept(path.attrs),
        |_, _| {},
    );
    assert_eq!(bed.rib.best(routes[0].prefix)[0].attrs, attrs);
}

#[test]
fn what_cannot_be_used_takes_the_place_of_what_was_and_is_not_admitted_later() {
    let mut bed = bed();
    let source = bed.source(1);
    let routes = [Nlri::from(prefix("10.0.0.0/16"))];
    bed.announce(source, 1, &routes);
    let attrs = bed.length(2);
    let refuse = |_: &mut AttrStore, _: &Announcement| Admission::Unusable(RuleId(60));
    let applied = bed.apply(source, &[], attrs, &routes, refuse).unwrap();
    assert_eq!((applied.rejected, applied.changed), (1, 1));
    bed.rib.reapply_import(
        &mut bed.store,
        source,
        |_, path| Admission::Accept(path.attrs),
        |_, _| {},
    );
    assert!(bed.rib.is_empty());
    let counts = bed.rib.counts(source);
    assert_eq!(
        (counts.counted(), counts.rejected, counts.unusable),
        (0, 0, 1)
    );
    let kept: Vec<AdjIn> = bed.rib.adj_in(source, Family::Ipv4).collect();
    assert_eq!(kept[0].imported, Admission::Unusable(RuleId(60)));
    let paths = bed.rib.paths(&bed.store, routes[0].prefix);
    assert_eq!(paths[0].standing, Standing::Ineligible(RuleId(60)));
    bed.announce(source, 3, &routes);
    assert_eq!(bed.rib.counts(source).unusable, 0);
    assert_eq!(bed.rib.best(routes[0].prefix)[0].attrs, bed.length(3));
}

#[test]
fn rejected_routes_beyond_the_cap_are_counted_and_replace_what_was_accepted() {
    let mut bed = bed();
    let source = bed.source_with(Source {
        max_rejected: 3,
        ..Source::default()
    });
    bed.announce(source, 1, &many(5));
    let attrs = bed.length(2);
    let refuse = |_: &mut AttrStore, _: &Announcement| Admission::Reject(RuleId(51));
    bed.apply(source, &[], attrs, &many(5), refuse).unwrap();
    let counts = bed.rib.counts(source);
    assert_eq!(
        (counts.accepted, counts.rejected, counts.not_kept),
        (0, 3, 2)
    );
    assert!(bed.rib.is_empty());
    assert_eq!(bed.rib.adj_in(source, Family::Ipv4).count(), 3);
    // A rejected route may be rejected again.
    bed.apply(source, &[], attrs, &many(3), refuse).unwrap();
    assert_eq!(bed.rib.counts(source).not_kept, 2);
}

#[test]
fn losing_a_source_touches_each_of_its_routes_once_and_nothing_else() {
    let mut bed = bed();
    let (lost, other) = (bed.source(1), bed.source(2));
    let routes = many(100_000);
    bed.announce(lost, 1, &routes);
    bed.announce(other, 2, &routes[..50_000]);
    bed.announce(other, 2, &[Nlri::from(prefix("192.0.2.0/24"))]);
    let mut told = 0;
    let applied = bed.rib.withdraw_all(&mut bed.store, lost, |_, delta| {
        told += 1;
        assert!(
            delta.before[0].source == lost
                && delta.after.first().is_none_or(|best| best.source == other)
        );
    });
    assert_eq!(
        (applied.withdrawn, applied.changed, told),
        (100_000, 100_000, 100_000)
    );
    assert_eq!(bed.rib.len_of(Family::Ipv4), 50_001);
    assert_eq!(bed.rib.adj_in(lost, Family::Ipv4).count(), 0);
}

#[test]
fn what_is_not_announced_again_after_a_restart_is_swept() {
    let mut bed = bed();
    let source = bed.source(1);
    let routes = many(10);
    bed.announce(source, 1, &routes);
    bed.rib.mark_stale(source, Family::Ipv4);
    assert_eq!(bed.rib.counts(source).stale, 10);
    assert_eq!(bed.rib.len_of(Family::Ipv4), 10, "stale routes are used");
    bed.changed.clear();
    bed.announce(source, 1, &routes[..4]);
    assert_eq!(bed.changed, [], "the same again is no change");
    bed.announce(source, 2, &routes[4..5]);
    let applied = bed
        .rib
        .sweep(&mut bed.store, source, Family::Ipv4, Age::Stale, |_, _| {});
    assert_eq!((applied.withdrawn, bed.rib.counts(source).stale), (5, 0));
    assert_eq!(bed.rib.len_of(Family::Ipv4), 5);
}

#[test]
fn what_is_long_lived_stale_is_swept_before_what_became_stale_later() {
    let mut bed = bed();
    let source = bed.source(1);
    let routes = many(3);
    bed.announce(source, 1, &routes);
    bed.rib.mark_stale(source, Family::Ipv4);
    bed.rib.mark_long_lived_stale(source, Family::Ipv4);
    bed.announce(source, 1, &routes[..1]);
    bed.rib.mark_stale(source, Family::Ipv4);
    let sweep = |bed: &mut Bed, youngest| {
        let (store, family) = (&mut bed.store, Family::Ipv4);
        let applied = bed.rib.sweep(store, source, family, youngest, |_, _| {});
        applied.withdrawn
    };
    assert_eq!(sweep(&mut bed, Age::LongLivedStale), 2);
    assert_eq!(bed.rib.counts(source).stale, 1);
    assert_eq!(sweep(&mut bed, Age::Stale), 1);
}

#[test]
fn import_is_told_of_what_it_is_asked_about_again_how_old_it_is() {
    let mut bed = bed();
    let source = bed.source(1);
    let routes = many(3);
    let attrs = bed.length(1);
    let asked = std::cell::RefCell::new(Vec::new());
    let admit = |_: &mut AttrStore, path: &Announcement| {
        asked.borrow_mut().push(path.age);
        Admission::Accept(path.attrs)
    };
    bed.apply(source, &[], attrs, &routes, admit).unwrap();
    bed.rib
        .reapply_import(&mut bed.store, source, admit, |_, _| {});
    bed.rib.mark_stale(source, Family::Ipv4);
    bed.apply(source, &[], attrs, &routes[..2], admit).unwrap();
    bed.rib.mark_long_lived_stale(source, Family::Ipv4);
    bed.rib.mark_stale(source, Family::Ipv4);
    bed.apply(source, &[], attrs, &routes[..1], admit).unwrap();
    let fresh = |age: &Age| *age == Age::Fresh;
    assert!(asked.take().iter().all(fresh), "announced, or not stale");
    bed.rib
        .reapply_import(&mut bed.store, source, admit, |_, _| {});
    let mut again = asked.take();
    again.sort_unstable();
    assert_eq!(again, [Age::Fresh, Age::Stale, Age::LongLivedStale]);
    assert_eq!(bed.rib.counts(source).stale, 2);
}

#[test]
fn path_ids_tell_paths_of_one_source_apart() {
    let mut bed = bed();
    let source = bed.source(1);
    bed.announce(source, 2, &[with_id("198.51.100.0/24", 1)]);
    bed.announce(source, 1, &[with_id("198.51.100.0/24", 2)]);
    let paths = bed.rib.paths(&bed.store, prefix("198.51.100.0/24"));
    assert_eq!(paths[0].path.path_id, Some(PathId(2)));
    assert!(
        matches!(paths[1].standing, Standing::Lost { step: Step::AsPathLength, to } if to == paths[0].path)
    );
    let ids: Vec<_> = bed
        .rib
        .adj_in(source, Family::Ipv4)
        .map(|route| route.path_id)
        .collect();
    assert_eq!(ids, [Some(PathId(1)), Some(PathId(2))]);
}

#[test]
fn withdrawing_a_path_id_never_announced_is_counted_and_has_no_effect() {
    let mut bed = bed();
    let source = bed.source(1);
    bed.announce(source, 1, &[with_id("198.51.100.0/24", 1)]);
    let applied = bed.withdraw(source, &[with_id("198.51.100.0/24", 99)]);
    assert_eq!(
        (applied.unknown, applied.withdrawn, applied.changed),
        (1, 0, 0)
    );
    let applied = bed.withdraw(source, &[Nlri::from(prefix("198.51.100.0/24"))]);
    assert_eq!(applied.unknown, 1, "without an id it is another path");
    assert_eq!(bed.rib.len_of(Family::Ipv4), 1);
}

#[test]
fn a_prefix_withdrawn_and_announced_at_once_is_announced_with_one_delta() {
    let mut bed = bed();
    let source = bed.source(1);
    let route = [Nlri::from(prefix("10.0.0.0/16"))];
    bed.announce(source, 1, &route);
    bed.changed.clear();
    let attrs = bed.length(2);
    bed.apply(source, &route, attrs, &route, |_, path| {
        Admission::Accept(path.attrs)
    })
    .unwrap();
    assert_eq!(bed.changed, [route[0].prefix]);
    assert_eq!(bed.rib.best(route[0].prefix)[0].attrs, attrs);
}

#[test]
fn a_summary_stands_while_one_prefix_contributes_to_it() {
    let mut bed = bed();
    let source = bed.source(1);
    let summary = prefix("10.0.0.0/8");
    let bare = bed.length(0);
    let routes = many(3);
    let attrs = bed.length(4);
    let summarise = move |_: &mut AttrStore, _: &Announcement| Admission::Replace {
        prefix: summary,
        attrs: bare,
    };
    bed.apply(source, &[], attrs, &routes, summarise).unwrap();
    assert_eq!(bed.changed, [summary], "one delta for three contributors");
    let paths = bed.rib.paths(&bed.store, summary);
    assert_eq!((paths[0].contributors, paths[0].attrs), (3, Some(bare)));
    assert_eq!(
        bed.rib.paths(&bed.store, routes[0].prefix)[0].standing,
        Standing::Replaced
    );
    // the learned route is the one received.
    let learned: Vec<AdjIn> = bed.rib.adj_in(source, Family::Ipv4).collect();
    assert_eq!(learned[0].received, attrs);
    assert_eq!(
        learned[0].imported,
        Admission::Replace {
            prefix: summary,
            attrs: bare
        }
    );
    bed.withdraw(source, &routes[..2]);
    assert_eq!(bed.rib.best(summary).len(), 1);
    bed.withdraw(source, &routes[2..]);
    assert!(bed.rib.is_empty());
}

#[test]
fn what_a_source_announces_and_import_makes_again_is_one_way_of_several() {
    let ecmp = DecisionConfig::new([Step::AsPathLength], [Step::PeerAddress], 2);
    let mut bed = Bed::new(ecmp);
    let (first, second) = (bed.source(1), bed.source(2));
    let summary = Nlri::from(prefix("10.0.0.0/8"));
    let attrs = bed.length(1);
    let summarise = move |_: &mut AttrStore, _: &Announcement| Admission::Replace {
        prefix: summary.prefix,
        attrs,
    };
    bed.apply(first, &[], attrs, &many(1), summarise).unwrap();
    bed.announce(first, 1, &[summary]);
    bed.announce(second, 1, &[summary]);
    let sources = |bed: &Bed| -> Vec<_> {
        let best = bed.rib.best(summary.prefix);
        best.iter().map(|path| path.source).collect()
    };
    assert_eq!(sources(&bed), [first, second]);
    let paths = bed.rib.paths(&bed.store, summary.prefix);
    let twice = paths.iter().find(|path| path.path.derived).unwrap();
    assert!(matches!(
        twice.standing,
        Standing::Lost {
            step: Step::Identity,
            ..
        }
    ));
    bed.withdraw(first, &[summary]);
    assert_eq!(sources(&bed), [first, second]);
}

#[test]
fn admission_is_told_how_many_prefixes_there_are_so_that_it_can_refuse_more() {
    let mut bed = bed();
    let (one, two) = (bed.source(1), bed.source(2));
    let attrs = bed.length(1);
    // first come, first kept; a further path of a known prefix is none more.
    let at_most_four = |_: &mut AttrStore, path: &Announcement| {
        if path.prefixes >= 4 && !path.prefix_known {
            Admission::Reject(RuleId(8))
        } else {
            Admission::Accept(path.attrs)
        }
    };
    let six: Vec<Nlri> = (0..6u8)
        .map(|n| prefix(&format!("2001:db8:{n}::/48")).into())
        .collect();
    let applied = bed.apply(one, &[], attrs, &many(3), at_most_four).unwrap();
    assert_eq!(applied.rejected, 0);
    let applied = bed.apply(one, &[], attrs, &six, at_most_four).unwrap();
    assert_eq!(applied.rejected, 5);
    let applied = bed.apply(two, &[], attrs, &many(3), at_most_four).unwrap();
    assert_eq!((applied.rejected, bed.rib.len_of(Family::Ipv6)), (0, 1));
}

#[test]
fn what_a_source_announced_is_told_whatever_import_made_of_it() {
    let mut bed = bed();
    let (one, two) = (bed.source(1), bed.source(2));
    let (first, second) = (bed.length(1), bed.length(2));
    let target = prefix("10.0.0.0/16");
    let routes = ["10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"].map(|text| Nlri::from(prefix(text)));
    let verdicts = [
        Admission::Accept(second),
        Admission::Reject(RuleId(51)),
        Admission::Replace {
            prefix: target,
            attrs: second,
        },
    ];
    for (route, verdict) in routes.iter().zip(verdicts) {
        bed.apply(one, &[], first, &[*route], |_, _| verdict)
            .unwrap();
        let received = |source| bed.rib.received(source, route.prefix);
        assert_eq!((received(one), received(two)), (Some(first), None));
    }
    assert_eq!(
        bed.rib.received(one, target),
        None,
        "a derived path was not announced"
    );
    assert_eq!(bed.rib.received(one, prefix("2001:db8::/32")), None);
    bed.withdraw(one, &routes[..1]);
    assert_eq!(bed.rib.received(one, routes[0].prefix), None);

    // With add-path it is one of those there are.
    let both = [with_id("10.9.0.0/16", 1), with_id("10.9.0.0/16", 2)];
    bed.announce(two, 1, &both[..1]);
    bed.announce(two, 2, &both[1..]);
    let known = bed.rib.received(two, both[0].prefix);
    assert!(known == Some(first) || known == Some(second));
    bed.withdraw(two, &both[..1]);
    assert_eq!(bed.rib.received(two, both[0].prefix), Some(second));
}
