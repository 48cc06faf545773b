//! Roles and the attribute Only to Customer (RFC 9234 section 5): what a plain route server refuses
//! of a neighbour as leaked, and what it keeps from one or marks for it.

use routehub_policy::{Action, Match, Rule};
use routehub_types::Asn;

use crate::estate::SessionRole;
use crate::rules;

/// What is refused of a neighbour, and what is marked, by our part towards it and its ASN.
pub(super) fn import(role: SessionRole, neighbor: Asn) -> Vec<Rule> {
    let marked = || Match::OnlyToCustomer(Vec::new());
    let leaked = match role {
        SessionRole::Provider | SessionRole::Rs => Some(vec![marked()]),
        SessionRole::Peer => {
            let its_own = Match::OnlyToCustomer(vec![neighbor]);
            Some(vec![marked(), its_own.negated()])
        }
        SessionRole::Customer | SessionRole::RsClient => None,
    };
    let marks = matches!(
        role,
        SessionRole::Customer | SessionRole::RsClient | SessionRole::Peer
    );
    let leaked = leaked.map(|matches| Rule::reject(rules::ROUTE_LEAK, "leaked", matches));
    let mark = marks.then(|| mark(neighbor));
    leaked.into_iter().chain(mark).collect()
}

/// What is kept from a neighbour.
pub(super) fn export(role: SessionRole) -> Option<Rule> {
    let keeps = matches!(
        role,
        SessionRole::Customer | SessionRole::RsClient | SessionRole::Peer
    );
    let marked = vec![Match::OnlyToCustomer(Vec::new())];
    keeps.then(|| Rule::reject(rules::ONLY_TO_CUSTOMER, "only to customers", marked))
}

/// What is marked for a neighbour with our ASN.
pub(super) fn mark_for(role: SessionRole, own: Asn) -> Option<Rule> {
    let marks = matches!(
        role,
        SessionRole::Provider | SessionRole::Rs | SessionRole::Peer
    );
    marks.then(|| mark(own))
}

fn mark(asn: Asn) -> Rule {
    let actions = vec![Action::AddOnlyToCustomer(asn)];
    Rule::change(rules::ONLY_TO_CUSTOMER, "mark", Vec::new(), actions)
}
