//! Properties of any message and any routes.

mod laws;

use arbitrary::Unstructured;
use proptest::prelude::*;
use routehub_wire::{
    AddPathMode, AfiSafi, Capability, Context, DecodeError, GracefulRestart, LongLivedFamily,
    Message, Notification, Open, Packer, Role, decode, frame,
};

/// Random octets, from a seed: a strategy per octet would take most of the time.
fn octets(max: usize) -> impl Strategy<Value = Vec<u8>> {
    (any::<u64>(), 0..max).prop_map(|(seed, length)| {
        let step = |state: &mut u64| {
            *state = state
                .wrapping_mul(0x5851_f42d_4c95_7f2d)
                .wrapping_add(0x1405_7b7e_f767_814f);
            Some((*state >> 56) as u8)
        };
        let mut state = seed;
        std::iter::from_fn(|| step(&mut state))
            .take(length)
            .collect()
    })
}

fn context() -> impl Strategy<Value = Context> {
    octets(16).prop_map(|octets| laws::context(&mut Unstructured::new(&octets)).unwrap_or_default())
}

fn afi_safi() -> impl Strategy<Value = AfiSafi> {
    (any::<u16>(), any::<u8>()).prop_map(|(afi, safi)| AfiSafi { afi, safi })
}

fn capability() -> impl Strategy<Value = Capability> {
    let mode = prop_oneof![
        Just(AddPathMode::Receive),
        Just(AddPathMode::Send),
        Just(AddPathMode::Both)
    ];
    let families = proptest::collection::vec((afi_safi(), any::<bool>()), 0..4);
    let long_lived =
        (afi_safi(), any::<bool>(), 0..1u32 << 24).prop_map(|(family, forwarding, stale_time)| {
            LongLivedFamily {
                family,
                forwarding,
                stale_time,
            }
        });
    prop_oneof![
        afi_safi().prop_map(Capability::Multiprotocol),
        Just(Capability::RouteRefresh),
        Just(Capability::EnhancedRouteRefresh),
        Just(Capability::ExtendedMessage),
        proptest::collection::vec((afi_safi(), any::<u16>()), 0..4)
            .prop_map(Capability::ExtendedNextHop),
        Just(Capability::Role(Role::RouteServerClient)),
        proptest::collection::vec((afi_safi(), mode), 0..4).prop_map(Capability::AddPath),
        (any::<bool>(), any::<bool>(), 0..4096u16, families).prop_map(
            |(restarting, notification, time, families)| Capability::GracefulRestart(
                GracefulRestart {
                    restarting,
                    notification,
                    time,
                    families,
                }
            )
        ),
        proptest::collection::vec(long_lived, 0..4).prop_map(Capability::LongLivedGracefulRestart),
        ("[a-z]{0,20}", "[a-z.]{0,20}")
            .prop_map(|(host, domain)| Capability::Fqdn { host, domain }),
        "[ -~]{1,60}".prop_map(Capability::SoftwareVersion),
        (200..=255u8, octets(100)).prop_map(|(code, value)| Capability::Unknown { code, value }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_octets_panic_in_any_context(octets in octets(300), kind in 1..=6u8, context in context()) {
        let _ = frame(&octets, context.max_len());
        let _ = decode(&octets, &context);
        let whole = laws::message(kind, &octets);
        laws::view_equals_owned(&context, &whole);
        laws::stable(&context, &whole);
        match decode(&whole, &context) {
            Ok(Message::Update(update)) => {
                let _ = (update.outcome(), update.end_of_rib(), format!("{update:?}"));
            }
            Ok(_) => {}
            Err(DecodeError { offset, .. }) => prop_assert!(offset <= whole.len()),
        }
    }

    #[test]
    fn routes_that_are_sent_arrive(octets in octets(3000)) {
        let mut u = Unstructured::new(&octets);
        if let Ok(context) = laws::context(&mut u)
            && let Ok(update) = laws::routes(&mut u, &context)
        {
            laws::round_trip(&context, &update);
        }
    }

    #[test]
    fn messages_that_were_damaged_on_the_way_are_read_alike_by_view_and_owned(
        octets in octets(1000),
        damage in proptest::collection::vec((any::<u16>(), any::<u8>()), 0..4),
    ) {
        let mut u = Unstructured::new(&octets);
        let Ok(context) = laws::context(&mut u) else { return Ok(()) };
        let Ok(update) = laws::routes(&mut u, &context) else { return Ok(()) };
        let mut bytes = Vec::new();
        let mut packer = Packer::new(&context);
        let _ = packer.withdraw(&update.withdrawn, &mut bytes);
        let _ = packer.announce(&update.attrs, &update.announced, &mut bytes);
        let Ok(Some(length)) = frame(&bytes, context.max_len()) else { return Ok(()) };
        bytes.truncate(length);
        for (at, octet) in damage {
            bytes[19 + usize::from(at) % (length - 19)] = octet;
        }
        laws::view_equals_owned(&context, &bytes);
        laws::stable(&context, &bytes);
    }

    #[test]
    fn an_open_reads_back(
        asn in 1..u32::MAX,
        hold_time in prop_oneof![Just(0u16), 3..u16::MAX],
        router_id in 1..u32::MAX,
        capabilities in proptest::collection::vec(capability(), 0..30),
    ) {
        let mut open = Open {
            asn: asn.into(),
            hold_time,
            router_id: routehub_types::RouterId(router_id),
            capabilities: capabilities.into_iter().collect(),
        };
        open.capabilities.0.push(Capability::FourOctetAs(open.asn));
        let mut bytes = Vec::new();
        open.encode(&mut bytes).expect("it fits");
        match decode(&bytes, &Context::default()) {
            Ok(Message::Open(read)) => prop_assert_eq!(read, open),
            other => prop_assert!(false, "{other:?}"),
        }
    }

    #[test]
    fn a_notification_reads_back(code: u8, subcode: u8, data in octets(300)) {
        let sent = Notification { code, subcode, data };
        let mut bytes = Vec::new();
        sent.encode(&mut bytes);
        match decode(&bytes, &Context::default()) {
            Ok(Message::Notification(read)) => prop_assert_eq!(read, sent),
            other => prop_assert!(false, "{other:?}"),
        }
    }
}
