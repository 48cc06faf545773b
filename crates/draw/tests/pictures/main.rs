//! Pictures of any estate: well-formed, every text in its box, nothing on top of anything else.

mod drawing;
mod estates;

use drawing::Drawing;
use estates::{estates, large};
use proptest::prelude::*;
use routehub::estate::Estate;
use routehub::{Event, Network, Profile};
use routehub_draw::Picture;

fn network(estate: Estate) -> Network {
    let profile = Profile::named("azure-2026").expect("a profile");
    Network::new(&profile, estate).expect("it settles")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn nothing_overlaps_and_every_text_is_in_its_box(estate in estates(), title in ".{0,80}") {
        let network = network(estate);
        let picture = Picture::of(&network).titled(title);
        Drawing::read(&picture.svg()).assert_readable();
    }

    #[test]
    fn a_route_and_a_packet_in_colour_move_no_text(estate in estates()) {
        let network = network(estate);
        let prefix = "0.0.0.0/0".parse().expect("a prefix");
        if let Ok(picture) = Picture::of(&network).with_route(&network, prefix) {
            Drawing::read(&picture.svg()).assert_readable();
        }
        let ends: Vec<&String> = network.estate().nics.iter().map(|nic| &nic.name).collect();
        if let [from, .., to] = ends.as_slice() {
            let way = network.trace(from, to).expect("two NICs");
            let picture = Picture::of(&network).with_trace(&network, &way);
            Drawing::read(&picture.svg()).assert_readable();
        }
    }

    #[test]
    fn names_never_leave_the_quotes_of_mermaid(estate in estates(), title in ".{0,80}") {
        let text = Picture::of(&network(estate)).titled(title).mermaid();
        for line in text.lines() {
            prop_assert!([0, 2].contains(&line.matches('"').count()), "{line}");
        }
    }
}

/// How many lines of a picture are down.
fn down(picture: &Picture) -> usize {
    let text = picture.mermaid();
    let mut styles = text.lines().filter(|line| line.contains("stroke:#b3bac1"));
    let lines = styles
        .next()
        .and_then(|line| line.split_whitespace().nth(1));
    lines.map_or(0, |lines| lines.split(',').count())
}

#[test]
fn a_peering_that_is_gone_is_grey_and_moves_nothing() {
    let before = network(large(2, 3));
    let whole = Picture::of(&before);
    let drawn = Drawing::read(&whole.svg());
    for peering in &before.estate().peerings {
        let mut after = before.clone();
        let (a, b) = (peering.a.clone(), peering.b.clone());
        let removed = after.apply(&Event::RemovePeering { a, b });
        removed.expect("it settles");
        let picture = Picture::of(&after).since(&before);
        let lost = Drawing::read(&picture.svg());
        lost.assert_readable();
        assert_eq!(lost.width(), drawn.width());
        let lines = |text: &str| text.matches(" --- ").count() + text.matches(" -.- ").count();
        assert_eq!(lines(&picture.mermaid()), lines(&whole.mermaid()));
        assert_eq!(down(&picture), down(&whole) + 1, "{peering:?}");
    }
}

#[test]
fn the_same_estate_is_the_same_text() {
    let (first, second) = (network(large(3, 8)), network(large(3, 8)));
    assert_eq!(Picture::of(&first).svg(), Picture::of(&second).svg());
    assert_eq!(
        Picture::of(&first).mermaid(),
        Picture::of(&second).mermaid()
    );
}

#[test]
fn sixty_networks_are_drawn_each_and_five_hundred_in_groups() {
    let sixty = Drawing::read(&Picture::of(&network(large(4, 14))).svg());
    sixty.assert_readable();
    assert_eq!(sixty.boxes_of("vnet"), 60);
    let many = Drawing::read(&Picture::of(&network(large(10, 49))).svg());
    many.assert_readable();
    assert_eq!(many.boxes_of("vnet"), 20);
    assert!(many.says("49 spokes"));
    assert!(
        many.width() < 3500 && many.height() < 2500,
        "it fits a screen"
    );
}

#[test]
fn hundreds_of_hubs_and_lone_networks_are_groups_too() {
    let hubs = Drawing::read(&Picture::of(&network(large(120, 1))).svg());
    hubs.assert_readable();
    assert!(hubs.boxes_of("vnet") <= 60);
    let lone = Drawing::read(&Picture::of(&network(large(0, 150))).svg());
    lone.assert_readable();
    assert!(lone.says("150 VNets"));
}

#[test]
fn an_empty_estate_is_a_picture_too() {
    let drawing = Drawing::read(&Picture::of(&network(Estate::default())).svg());
    drawing.assert_readable();
}
