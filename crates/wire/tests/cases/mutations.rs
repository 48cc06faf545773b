//! Every case cut at every octet and with every bit flipped: always a defined outcome.

use routehub_testkit::cases;
use routehub_wire::{Action, Attribute, Context, Message, Outcome, UpdateView, decode, frame};

#[test]
fn every_case_cut_anywhere_waits_for_more_or_is_refused() {
    for case in cases::all() {
        for end in 0..case.message.len() {
            let cut = &case.message[..end];
            let framed = frame(cut, case.session.context().max_len());
            let whole = matches!(framed, Ok(Some(length)) if length <= end);
            assert!(
                whole || framed.is_err() || framed == Ok(None),
                "{}",
                case.id
            );
            check(cut, &case.session.context());
        }
    }
}

#[test]
fn every_case_cut_anywhere_under_a_true_length_has_a_defined_outcome() {
    for case in cases::all() {
        for end in 19..case.message.len() {
            let mut cut = case.message[..end].to_vec();
            cut[16..18].copy_from_slice(&(end as u16).to_be_bytes());
            check(&cut, &case.session.context());
        }
    }
}

#[test]
fn every_case_with_any_bit_flipped_has_a_defined_outcome() {
    for case in cases::all() {
        let mut message = case.message.clone();
        for at in 0..message.len() {
            for bit in 0..8 {
                message[at] ^= 1 << bit;
                check(&message, &case.session.context());
                message[at] ^= 1 << bit;
            }
        }
    }
}

/// Decodes and uses everything; what comes out must fit together.
fn check(message: &[u8], context: &Context) {
    match decode(message, context) {
        Ok(Message::Update(update)) => check_update(&update),
        Ok(Message::RouteRefresh(refresh)) => {
            let _ = refresh.applies_to(context);
        }
        Ok(Message::Open(open)) => assert!(open.asn.0 != 0 && open.router_id.0 != 0),
        Ok(Message::Notification(notification)) => {
            assert!(!notification.to_string().contains('\u{1b}'));
        }
        Ok(_) => {}
        Err(error) => {
            let notification = error.notification();
            assert!(error.offset <= message.len().max(16));
            assert!(matches!(notification.code, 1 | 2 | 7), "{notification}");
        }
    }
}

fn check_update(update: &UpdateView<'_>) {
    let faults = update.faults();
    let strongest = faults.iter().map(|fault| fault.action).max();
    assert_eq!(faults.is_empty(), update.is_fault_free());
    assert!(
        faults
            .iter()
            .all(|fault| fault.offset <= update.message().len())
    );
    let announced = update.announced().flat_map(|field| field.nlri).count();
    let withdrawn = update.withdrawn().count();
    match update.outcome() {
        Outcome::Accept => assert!(strongest.unwrap_or_default() <= Action::AttributeDiscard),
        Outcome::AttributeDiscard => assert_eq!(strongest, Some(Action::AttributeDiscard)),
        Outcome::TreatAsWithdraw => {
            assert_eq!((strongest, announced), (Some(Action::TreatAsWithdraw), 0));
        }
        Outcome::AfiSafiDisable(_) => panic!("not in use here"),
        Outcome::Reset(notification) => {
            assert_eq!(
                (strongest, announced, withdrawn),
                (Some(Action::Reset), 0, 0)
            );
            assert_eq!(notification.code, 3);
        }
    }
    check_attributes(update);
    let updates = update.to_updates();
    let reset = matches!(update.outcome(), Outcome::Reset(_));
    assert_eq!(updates.is_err(), reset);
    let updates = updates.unwrap_or_default();
    let owned: usize = updates.iter().map(|update| update.announced.len()).sum();
    assert_eq!(owned, announced);
}

fn check_attributes(update: &UpdateView<'_>) {
    let mut values = 0;
    for attribute in update.attributes() {
        values += match attribute {
            Attribute::AsPath(path) | Attribute::As4Path(path) => path.asns().count(),
            Attribute::Communities(list) => list.len(),
            Attribute::LargeCommunities(list) => list.len(),
            Attribute::ExtendedCommunities(list) => list.len(),
            Attribute::ClusterList(list) => list.len(),
            _ => 1,
        };
    }
    assert!(values <= update.message().len());
}
