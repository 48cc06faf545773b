//! What RFC 7606 takes away is shown as refused, and stays refused.

use routehub::{explain, rules};

use super::*;

/// An UPDATE of a peer whose ORIGIN has no meaning.
fn without_origin(lab: &Lab, peer: PeerId, route: Prefix) -> Vec<u8> {
    let link = lab.routers.link(peer);
    let path = AsPath::sequence([link.remote_asn, Asn(65100)]);
    let attrs = Attrs::new(path, link.remote_addresses[0]);
    let mut bytes = Vec::new();
    let mut packer = Packer::new(&Context::default());
    packer
        .announce(&attrs, &[route.into()], &mut bytes)
        .unwrap();
    assert_eq!(bytes[23..27], [0x40, 1, 1, 0], "ORIGIN comes first");
    bytes[26] = 9;
    bytes
}

/// The rules by which routes of the first NVA are refused at the first instance.
fn refused(lab: &Lab) -> Vec<(Prefix, String, RuleId)> {
    let rows = lab.refused("nva1").into_iter();
    let rows = rows.filter(|row| row.instance == 0);
    rows.map(|row| (row.prefix, row.as_path.to_string(), row.rule))
        .collect()
}

fn learned(lab: &Lab) -> usize {
    let rows = lab.learned("nva1");
    rows.iter().filter(|row| row.instance == Some(0)).count()
}

#[test]
fn a_malformed_route_is_withdrawn_and_stands_among_the_refused_ones_until_it_is_mended() {
    let mut lab = Lab::new(PLAIN);
    lab.all_up();
    let nva1 = lab.peer("nva1", 0);
    lab.announce(nva1, &[route(1), route(2)], 0);
    lab.drain();
    assert_eq!((learned(&lab), refused(&lab)), (2, Vec::new()));
    let bytes = without_origin(&lab, nva1, route(1));
    lab.routers.receive(nva1, &bytes);
    lab.announced(nva1).remove(&route(1));
    lab.drain();
    lab.check("after the malformed UPDATE");
    let row = (route(1), "65001 65100".to_owned(), rules::MALFORMED_UPDATE);
    assert_eq!((learned(&lab), refused(&lab)), (1, vec![row.clone()]));
    let reports = lab.routers.engine.exchange().peerings();
    let link = lab.routers.link(nva1).link;
    let report = reports.iter().find(|report| report.link == link).unwrap();
    assert_eq!((report.learned, report.refused), (1, 1));
    let explained = explain(lab.routers.engine.exchange(), "rs", route(1)).unwrap();
    let text = explained.to_string();
    assert!(
        text.contains(rules::text(rules::MALFORMED_UPDATE)),
        "{text}"
    );

    // Neither another import policy nor another engine makes it good.
    let event = Event::SetRouteMap {
        route_server: "rs".into(),
        peer: "nva1".into(),
        inbound: Some(Some("half".into())),
        outbound: None,
    };
    lab.handle(Input::Event(&event));
    assert_eq!(refused(&lab).first(), Some(&row));
    lab.reload(PLAIN, &BTreeSet::new());
    lab.drain();
    lab.check("after the reload");
    assert_eq!((learned(&lab), refused(&lab)), (1, vec![row]));

    lab.announce(nva1, &[route(1)], 0);
    lab.drain();
    lab.check("mended");
    assert_eq!((learned(&lab), refused(&lab)), (2, Vec::new()));
    let bytes = without_origin(&lab, nva1, route(1));
    lab.routers.receive(nva1, &bytes);
    lab.withdraw(nva1, route(1));
    lab.drain();
    lab.check("withdrawn");
    assert_eq!((learned(&lab), refused(&lab)), (1, Vec::new()));
}
