//! What the view shows of messages that are in order in part.

use routehub_types::{Asn, Family, FamilySet};
use routehub_wire::{
    Action, Attribute, Context, Message, Notification, Outcome, PeerKind, Reason, UpdateView,
    attribute_code, decode,
};

const ORIGIN: &str = "40010100";
const PATH: &str = "4002060201 0000fde9";
const NEXT_HOP: &str = "400304 0a000404";
const MULTI: &str = "800e1c 0002 01 10 20010db8000000000000000000000001 00 30 20010db80064";
const UNREACH: &str = "800f0a 0002 01 30 20010db80065";

fn octets(hex: &str) -> Vec<u8> {
    let text: String = hex.split_whitespace().collect();
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("hex");
    (0..text.len()).step_by(2).map(digit).collect()
}

/// An UPDATE of these attributes and this NLRI.
fn update(attributes: &[&str], nlri: &str) -> Vec<u8> {
    let attributes = octets(&attributes.concat());
    let nlri = octets(nlri);
    let mut bytes = vec![0xff; 16];
    bytes.extend((23 + attributes.len() as u16 + nlri.len() as u16).to_be_bytes());
    bytes.extend([2, 0, 0]);
    bytes.extend((attributes.len() as u16).to_be_bytes());
    bytes.extend(attributes);
    bytes.extend(nlri);
    bytes
}

fn view<'a>(bytes: &'a [u8], context: &Context) -> UpdateView<'a> {
    match decode(bytes, context) {
        Ok(Message::Update(update)) => update,
        other => panic!("an UPDATE, not {other:?}"),
    }
}

fn announced(update: &UpdateView<'_>) -> Vec<String> {
    let fields = update.announced();
    fields
        .flat_map(|field| {
            field
                .nlri
                .map(move |nlri| format!("{nlri} by {}", field.next_hop))
        })
        .collect()
}

fn withdrawn(update: &UpdateView<'_>) -> Vec<String> {
    update.withdrawn().map(|nlri| nlri.to_string()).collect()
}

#[test]
fn attributes_and_outcomes_say_themselves() {
    let context = Context::default();
    let communities = "c00808 fde90064 ffffff01";
    let unknown = "c0c803 010203";
    let bytes = update(&[ORIGIN, PATH, NEXT_HOP, communities, unknown], "10 0afa");
    let good = view(&bytes, &context);
    let said: Vec<String> = good.attributes().map(|own| own.to_string()).collect();
    assert_eq!(
        said,
        [
            "ORIGIN igp",
            "AS_PATH 65001",
            "NEXT_HOP 10.0.4.4",
            "COMMUNITIES 65001:100 65535:65281",
            "type 200, 3 octets",
        ]
    );
    assert_eq!(good.outcome().to_string(), "accept");
    // No NEXT_HOP: the routes are withdrawn.
    let bytes = update(&[ORIGIN, PATH], "10 0afa");
    assert_eq!(
        view(&bytes, &context).outcome().to_string(),
        "treat_as_withdraw"
    );
    // The attributes run past the end of the message.
    let mut bytes = update(&[ORIGIN, PATH, NEXT_HOP], "10 0afa");
    bytes[22] = 0xff;
    let outcome = view(&bytes, &context).outcome();
    assert_eq!(
        outcome.to_string(),
        "reset (3/1 UPDATE Message Error, Malformed Attribute List)"
    );
}

#[test]
fn both_families_in_one_message_keep_their_next_hops() {
    let bytes = update(&[MULTI, UNREACH, ORIGIN, PATH, NEXT_HOP], "18c63364");
    let view = view(&bytes, &Context::default());
    assert_eq!(
        announced(&view),
        [
            "198.51.100.0/24 by 10.0.4.4",
            "2001:db8:64::/48 by 2001:db8::1"
        ]
    );
    assert_eq!(withdrawn(&view), ["2001:db8:65::/48"]);
    let owned = view.to_updates().expect("no reset");
    assert_eq!(owned.len(), 2);
    assert_eq!(owned[0].withdrawn.len(), 1);
    let next_hops = owned.iter().map(|update| update.attrs.next_hop.to_string());
    assert_eq!(next_hops.collect::<Vec<_>>(), ["10.0.4.4", "2001:db8::1"]);
    assert_eq!(view.next_hop(Family::Ipv6), Some(owned[1].attrs.next_hop));
}

#[test]
fn the_attribute_block_leaves_mp_attributes_out_wherever_they_stand() {
    let plain = octets(&[ORIGIN, PATH, NEXT_HOP].concat());
    for order in [
        [MULTI, UNREACH, ORIGIN, PATH, NEXT_HOP],
        [ORIGIN, PATH, NEXT_HOP, UNREACH, MULTI],
        [UNREACH, ORIGIN, PATH, NEXT_HOP, MULTI],
        [ORIGIN, MULTI, PATH, UNREACH, NEXT_HOP],
        [ORIGIN, MULTI, UNREACH, PATH, NEXT_HOP],
    ] {
        let bytes = update(&order, "18c63364");
        let view = view(&bytes, &Context::default());
        let mut scratch = vec![1, 2, 3];
        assert_eq!(view.attribute_block(&mut scratch), plain, "{order:?}");
    }
    let bytes = update(&[UNREACH], "");
    assert!(
        view(&bytes, &Context::default())
            .attribute_block(&mut Vec::new())
            .is_empty()
    );
}

#[test]
fn families_that_are_not_in_use_are_skipped_and_named() {
    let evpn = "800e09 0019 46 04 0a000404 00";
    let bytes = update(&[evpn, UNREACH, ORIGIN, PATH, NEXT_HOP], "18c63364");
    let only_ipv6 = Context {
        families: FamilySet::IPV6,
        ..Context::default()
    };
    let view = view(&bytes, &only_ipv6);
    assert_eq!(view.outcome(), Outcome::Accept);
    assert_eq!(announced(&view), [""; 0]);
    assert_eq!(withdrawn(&view), ["2001:db8:65::/48"]);
    let skipped: Vec<String> = view.skipped().map(|family| family.to_string()).collect();
    assert_eq!(skipped, ["ipv4-unicast", "l2vpn-evpn"]);
}

#[test]
fn an_error_in_one_family_can_end_the_use_of_that_family_alone() {
    let bad = "800f08 0002 01 81 00000000";
    let bytes = update(&[bad, ORIGIN, PATH, NEXT_HOP], "18c63364");
    let disabling = Context {
        disable_family: true,
        ..Context::default()
    };
    let kept = view(&bytes, &disabling);
    assert_eq!(kept.outcome(), Outcome::AfiSafiDisable(FamilySet::IPV6));
    assert_eq!(announced(&kept), ["198.51.100.0/24 by 10.0.4.4"]);
    let reset = view(&bytes, &Context::default());
    let error = Notification::OPTIONAL_ATTRIBUTE_ERROR.with_data(octets(bad));
    assert_eq!(reset.outcome(), Outcome::Reset(error));
    assert_eq!(announced(&reset), [""; 0]);
}

#[test]
fn all_faults_are_collected_in_order_and_the_strongest_wins() {
    let atomic = "400601 00";
    let origin = "400101 09";
    let bytes = update(&[atomic, origin, PATH, NEXT_HOP, ORIGIN], "18c63364");
    let view = view(&bytes, &Context::default());
    assert_eq!(view.outcome(), Outcome::TreatAsWithdraw);
    let faults = view.faults();
    let told: Vec<_> = faults
        .iter()
        .map(|fault| (fault.offset, fault.reason, fault.action))
        .collect();
    assert_eq!(
        told,
        [
            (23, Reason::AttributeLength, Action::AttributeDiscard),
            (27, Reason::OriginValue, Action::TreatAsWithdraw),
            (47, Reason::AttributeDuplicate, Action::Accept),
        ]
    );
    assert_eq!(
        faults[1].to_string(),
        "octet 27, ORIGIN: ORIGIN is none of IGP, EGP, INCOMPLETE (treat_as_withdraw)"
    );
}

#[test]
fn malformed_and_second_attributes_do_not_count() {
    let communities = "c00803 000000";
    let med = "800404 00000007";
    let bytes = update(
        &[ORIGIN, PATH, NEXT_HOP, med, "800404 00000008", communities],
        "18c63364",
    );
    let view = view(&bytes, &Context::default());
    assert_eq!(view.attribute(attribute_code::MED), Some(Attribute::Med(7)));
    assert_eq!(view.attribute(attribute_code::COMMUNITIES), None);
    let meds = view
        .attributes()
        .filter(|attribute| matches!(attribute, Attribute::Med(_)));
    assert_eq!(meds.count(), 1);
    let raw: Vec<_> = view.raw_attributes().collect();
    assert_eq!(view.interpret(&raw[3]), Some(Attribute::Med(7)));
    assert_eq!(view.interpret(&raw[4]), None);
}

#[test]
fn an_attribute_that_runs_past_the_end_ends_the_list_but_not_the_nlri() {
    let bytes = update(&[ORIGIN, PATH, NEXT_HOP, "c063 ff 01"], "18c63364");
    let view = view(&bytes, &Context::default());
    assert_eq!(view.outcome(), Outcome::TreatAsWithdraw);
    assert_eq!(withdrawn(&view), ["198.51.100.0/24"]);
    assert_eq!(view.raw_attributes().count(), 3);
}

#[test]
fn nothing_to_withdraw_resets_with_the_code_of_the_malformed_attribute() {
    let bytes = update(&["400101 09", PATH, NEXT_HOP], "");
    let view = view(&bytes, &Context::default());
    let error = Notification::INVALID_ORIGIN.with_data(octets("400101 09"));
    assert_eq!(view.outcome(), Outcome::Reset(error));
    assert_eq!(
        view.faults().last().map(|fault| fault.reason),
        Some(Reason::NothingToWithdraw)
    );
}

#[test]
fn an_unknown_well_known_attribute_resets_with_the_attribute() {
    let bytes = update(&[ORIGIN, PATH, NEXT_HOP, "406301 07"], "18c63364");
    let error = Notification::UNRECOGNIZED_WELL_KNOWN_ATTRIBUTE.with_data(octets("406301 07"));
    let view = view(&bytes, &Context::default());
    assert_eq!(view.outcome(), Outcome::Reset(error));
}

#[test]
fn unknown_attributes_are_passed_on_only_if_transitive_and_then_partial() {
    let bytes = update(
        &[ORIGIN, PATH, NEXT_HOP, "806302 0102", "c0c801 03"],
        "18c63364",
    );
    let view = view(&bytes, &Context::default());
    assert!(view.is_fault_free());
    let unknown = view.to_attrs().unknown;
    assert_eq!(unknown.len(), 1);
    assert_eq!(
        (unknown[0].code, unknown[0].flags, &unknown[0].value),
        (200, 0xe0, &vec![3])
    );
}

#[test]
fn what_the_first_as_may_be_depends_on_the_peer() {
    let bytes = update(&[ORIGIN, PATH, NEXT_HOP], "18c63364");
    let action = |context: Context| view(&bytes, &context).action();
    let from = |asn: u32| Context {
        first_as: Some(Asn(asn)),
        ..Context::default()
    };
    assert_eq!(action(from(65001)), Action::Accept);
    assert_eq!(action(from(65002)), Action::TreatAsWithdraw);
    assert_eq!(
        action(Context {
            peer: PeerKind::Internal,
            ..from(65002)
        }),
        Action::Accept
    );
    assert_eq!(
        action(Context {
            peer: PeerKind::ConfedExternal,
            ..Context::default()
        }),
        Action::TreatAsWithdraw
    );
}

#[test]
fn sets_in_a_path_are_withdrawn_only_where_that_is_asked_for() {
    let set = "40020c 0201 0000fde9 0101 0000fdea";
    let bytes = update(&[ORIGIN, set, NEXT_HOP], "18c63364");
    assert_eq!(
        view(&bytes, &Context::default()).action(),
        Action::TreatAsWithdraw
    );
    let lenient = Context {
        reject_as_set: false,
        ..Context::default()
    };
    assert_eq!(view(&bytes, &lenient).action(), Action::Accept);
}

#[test]
fn aigp_counts_only_where_it_is_in_use() {
    let aigp = "801a0b 01000b 0000000000000064";
    let bytes = update(&[ORIGIN, PATH, NEXT_HOP, aigp], "18c63364");
    let unused = view(&bytes, &Context::default());
    assert!(unused.is_fault_free());
    assert_eq!(unused.to_attrs().aigp, None);
    let using = Context {
        aigp: true,
        ..Context::default()
    };
    assert_eq!(view(&bytes, &using).to_attrs().aigp, Some(100));
}

#[test]
fn attributes_of_two_octet_speakers_are_merged() {
    let old = Context {
        four_octet_as: false,
        ..Context::default()
    };
    let path = |plain: &str, four: &str| {
        let bytes = update(&[ORIGIN, plain, NEXT_HOP, four], "18c63364");
        let update = view(&bytes, &old);
        assert_eq!(update.action(), Action::Accept, "{:?}", update.faults());
        update.to_attrs().as_path.to_string()
    };
    // 65001 23456 65003 with 70000 65003, with a longer one, and with a confederation in it.
    let plain = "400208 0203 fde95ba0fdeb";
    assert_eq!(
        path(plain, "c0110a 0202 000111700000fdeb"),
        "65001 70000 65003"
    );
    let longer = "c01112 0204 00000001000000020000000300000004";
    assert_eq!(path(plain, longer), "65001 23456 65003");
    let confed = "c01110 0301 0000fc00 0202 000111700000fdeb";
    assert_eq!(path(plain, confed), "65001 70000 65003");
}

#[test]
fn an_aggregator_that_is_no_as_trans_outdates_what_four_octet_speakers_said() {
    let old = Context {
        four_octet_as: false,
        ..Context::default()
    };
    let plain = "400206 0202 fde95ba0";
    let four = "c01106 0201 00011170";
    let aggregator = "c00706 fde9 0a000404";
    let four_aggregator = "c01208 00011170 0a000404";
    let bytes = update(
        &[ORIGIN, plain, NEXT_HOP, aggregator, four, four_aggregator],
        "18c63364",
    );
    let attrs = view(&bytes, &old).to_attrs();
    assert_eq!(attrs.as_path.to_string(), "65001 23456");
    assert_eq!(
        attrs.aggregator.map(|aggregator| aggregator.asn),
        Some(Asn(65001))
    );
}

#[test]
fn a_next_hop_that_is_no_host_withdraws_the_routes_it_is_for() {
    for next_hop in ["00000000", "7f000001", "e0000001", "ffffffff", "f0000001"] {
        let attribute = format!("400304 {next_hop}");
        let bytes = update(&[ORIGIN, PATH, &attribute], "18c63364");
        assert_eq!(
            view(&bytes, &Context::default()).action(),
            Action::TreatAsWithdraw
        );
        // With MP_REACH_NLRI alone it is of no meaning.
        let bytes = update(&[MULTI, ORIGIN, PATH, &attribute], "");
        assert_eq!(view(&bytes, &Context::default()).action(), Action::Accept);
    }
    let loopback = MULTI.replace("20010db8000000000000000000000001", &format!("{:032x}", 1));
    let bytes = update(&[&loopback, ORIGIN, PATH], "");
    assert_eq!(
        view(&bytes, &Context::default()).action(),
        Action::TreatAsWithdraw
    );
}

#[test]
fn prefixes_of_any_length_are_read_and_those_beyond_are_refused() {
    for length in 0..=255u8 {
        let bytes = [vec![length], vec![0xff; usize::from(length).div_ceil(8)]].concat();
        let hex: String = bytes.iter().map(|octet| format!("{octet:02x}")).collect();
        let bytes = update(&[ORIGIN, PATH, NEXT_HOP], &hex);
        let view = view(&bytes, &Context::default());
        if length <= 32 {
            assert!(view.is_fault_free());
            let read: Vec<_> = view.announced().flat_map(|field| field.nlri).collect();
            let folded = view
                .announced()
                .map(|field| field.nlri.fold(0, |n, _| n + 1));
            assert_eq!((read.len(), folded.sum::<i32>()), (1, 1));
            assert_eq!(read[0].prefix.length(), length);
        } else {
            let fault = view.faults()[0];
            assert_eq!((fault.reason, fault.offset), (Reason::PrefixLength, 43));
        }
    }
}
