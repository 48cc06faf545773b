//! Findings about what live sessions are asked for, and Azure's have not.

use routehub_exchange::estate::{Estate, SessionOption, SessionOptions};
use routehub_exchange::rules;
use routehub_types::RuleId;

use super::Findings;

/// Passwords, TTL security and BFD: where they do nothing, and where Azure's sessions have none
///
pub(super) fn options(findings: &mut Findings<'_>) {
    let exchange = findings.exchange;
    let is_azure = !exchange.parameters().transparent;
    for (name, options) in &exchange.estate().session_options {
        let Some(peer) = Peer::of(exchange.estate(), name) else {
            continue;
        };
        for option in &options.asked {
            let text = match peer.without_session(options) {
                Some(why) => Some(does_nothing(name, *option, why)),
                None if is_azure => peer.differs(name, *option),
                None => None,
            };
            if let Some(text) = text {
                findings.warning(rule(*option), name, text);
            }
        }
    }
}

/// Whose session it is.
enum Peer {
    /// An NVA, and whether it has sessions with Route Servers.
    Nva {
        has_sessions: bool,
    },
    Site,
    Customer,
}

impl Peer {
    /// The object of this name, if there still is one.
    fn of(estate: &Estate, name: &str) -> Option<Self> {
        if let Some(nva) = estate.nvas.iter().find(|nva| nva.name == name) {
            let has_sessions = !nva.sessions.is_empty();
            return Some(Self::Nva { has_sessions });
        }
        if estate.sites.iter().any(|site| site.name == name) {
            return Some(Self::Site);
        }
        let mut circuits = estate.circuits.iter();
        circuits
            .any(|circuit| circuit.name == name)
            .then_some(Self::Customer)
    }

    /// Why there is no session for what is asked, if there is none.
    const fn without_session(&self, options: &SessionOptions) -> Option<&'static str> {
        match self {
            _ if !options.live => Some("no real router plays it: set `live`"),
            Self::Nva {
                has_sessions: false,
            } => Some("it has no session with a Route Server: name one in `sessions`"),
            _ => None,
        }
    }

    /// How Azure's sessions with such a peer differ, if they do. The edge of a circuit has TCP-MD5
    /// and BFD of its own.
    fn differs(&self, name: &str, option: SessionOption) -> Option<String> {
        let far = match (self, option) {
            (Self::Nva { .. }, _) => "a Route Server",
            (Self::Site, _) => "a VPN gateway",
            (Self::Customer, SessionOption::Password | SessionOption::Bfd) => return None,
            (Self::Customer, _) => "a circuit's edge",
        };
        Some(match option {
            SessionOption::Password => format!(
                "{name} has a `password` here, but in Azure {far} knows none: a router that signs \
                 its segments gets no session. Take it away on both ends."
            ),
            SessionOption::TtlSecurity => format!(
                "{name} has `ttl_security` here, but in Azure {far} sends with no TTL of 255: a \
                 router that believes only that gets no session. Use multihop on both ends."
            ),
            SessionOption::Bfd => format!(
                "`bfd` of {name} does nothing, as in Azure {far} has none: what fails silently is \
                 found when the hold time ends. Take it away, and give {name} a short hold time; a \
                 plain route server (profile open) runs it."
            ),
            SessionOption::MaximumPrefix => format!(
                "`maximum_prefix` of {name} does nothing: {far} of Azure has a limit of its own for \
                 every peer. Take it away; a plain route server (profile open) keeps to it."
            ),
            _ => format!(
                "`{}` of {name} does nothing: {far} of Azure offers route refresh and 4-octet ASNs, \
                 no more. Take it away; a plain route server (profile open) offers it.",
                option.key()
            ),
        })
    }
}

fn does_nothing(name: &str, option: SessionOption, why: &str) -> String {
    let key = option.key();
    format!("`{key}` of {name} does nothing, as {why}, or take the key away.")
}

const fn rule(option: SessionOption) -> RuleId {
    match option {
        SessionOption::Password => rules::NO_TCP_MD5,
        SessionOption::TtlSecurity => rules::MULTIHOP_EBGP,
        SessionOption::Bfd => rules::NO_BFD,
        SessionOption::MaximumPrefix => rules::ROUTES_PER_PEER,
        SessionOption::GracefulRestart
        | SessionOption::LongLivedGracefulRestart
        | SessionOption::EnhancedRefresh
        | SessionOption::ExtendedMessages
        | SessionOption::Role
        | SessionOption::AddPaths => rules::OFFERED_CAPABILITIES,
    }
}
