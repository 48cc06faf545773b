//! Messages and what is in them, each as a line of text. What a peer chose itself is escaped: nothing
//! in a line can drive a terminal.

use alloc::vec::Vec;
use core::fmt::{self, Display, Formatter};

use crate::{
    AddPathMode, AfiSafi, Capability, Message, Nlris, Open, RefreshKind, Role, RouteRefresh,
    UpdateView,
};

/// Writes values with a text between two of them.
fn join<T: Display>(
    f: &mut Formatter<'_>,
    values: impl IntoIterator<Item = T>,
    between: &str,
) -> fmt::Result {
    for (place, value) in values.into_iter().enumerate() {
        let between = if place == 0 { "" } else { between };
        write!(f, "{between}{value}")?;
    }
    Ok(())
}

impl Display for Message<'_> {
    /// The type of the message and what is in it.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open(open) => open.fmt(f),
            Self::Update(update) => update.fmt(f),
            Self::Notification(notification) => write!(f, "{} {notification}", self.kind()),
            Self::Keepalive => self.kind().fmt(f),
            Self::RouteRefresh(refresh) => refresh.fmt(f),
        }
    }
}

impl Display for Open {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self {
            asn,
            hold_time,
            router_id,
            capabilities,
        } = self;
        write!(
            f,
            "OPEN AS {asn}, hold time {hold_time} s, BGP identifier {router_id}"
        )?;
        let between = if capabilities.iter().len() == 0 {
            ""
        } else {
            ", "
        };
        f.write_str(between)?;
        join(f, capabilities, ", ")
    }
}

impl Display for UpdateView<'_> {
    /// How many routes count and what the message's faults ask for: `UPDATE announces 2, withdraws 0
    /// (treat_as_withdraw)`.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(family) = self.end_of_rib() {
            return write!(f, "UPDATE End-of-RIB {family}");
        }
        let announced: usize = self.announced().map(|field| field.nlri.count()).sum();
        let withdrawn = self.withdrawn().count();
        write!(f, "UPDATE announces {announced}, withdraws {withdrawn}")?;
        if self.is_fault_free() {
            return Ok(());
        }
        write!(f, " ({})", self.outcome())
    }
}

/// A value whose debug form is its text.
struct Shown<T>(T);

impl<T: Display> fmt::Debug for Shown<T> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for UpdateView<'_> {
    /// Writes what counts of the message, and its faults.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let attributes: Vec<_> = self.attributes().map(Shown).collect();
        let announced: Vec<_> = self.announced().flat_map(|field| field.nlri).collect();
        let withdrawn: Vec<_> = self.withdrawn().collect();
        let mut fields = f.debug_struct("UpdateView");
        fields.field("outcome", &Shown(self.outcome()));
        fields.field("attributes", &attributes);
        fields.field("announced", &announced);
        fields.field("withdrawn", &withdrawn);
        if !self.is_fault_free() {
            fields.field("faults", &self.faults());
        }
        fields.finish_non_exhaustive()
    }
}

impl Display for RouteRefresh {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "ROUTE-REFRESH {}", self.family)?;
        match self.kind {
            RefreshKind::Request => Ok(()),
            RefreshKind::Begin => f.write_str(" begin"),
            RefreshKind::End => f.write_str(" end"),
            RefreshKind::Other(subtype) => write!(f, " of subtype {subtype}"),
        }
    }
}

impl Display for Nlris<'_> {
    /// The prefixes with a space between.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        join(f, *self, " ")
    }
}

impl Display for Capability {
    /// The name of the capability and what it says.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Multiprotocol(family) => write!(f, "multiprotocol {family}"),
            Self::RouteRefresh => f.write_str("route refresh"),
            Self::ExtendedNextHop(families) => {
                f.write_str("extended next hop ")?;
                join(
                    f,
                    families.iter().map(|(family, afi)| NextHops {
                        family: *family,
                        afi: *afi,
                    }),
                    " ",
                )
            }
            Self::ExtendedMessage => f.write_str("extended message"),
            Self::Role(role) => write!(f, "role {role}"),
            Self::GracefulRestart(restart) => write!(f, "graceful restart {} s", restart.time),
            Self::FourOctetAs(asn) => write!(f, "four-octet AS {asn}"),
            Self::AddPath(families) => {
                f.write_str("add-path ")?;
                join(
                    f,
                    families.iter().map(|(family, mode)| AddPath {
                        family: *family,
                        mode: *mode,
                    }),
                    " ",
                )
            }
            Self::EnhancedRouteRefresh => f.write_str("enhanced route refresh"),
            Self::LongLivedGracefulRestart(families) => {
                f.write_str("long-lived graceful restart")?;
                families
                    .iter()
                    .try_for_each(|listed| write!(f, " {} {} s", listed.family, listed.stale_time))
            }
            Self::Fqdn { host, domain } => write!(f, "host name {host:?} {domain:?}"),
            Self::SoftwareVersion(version) => write!(f, "software version {version:?}"),
            Self::Unknown { code, .. } => write!(f, "capability {code}"),
        }
    }
}

/// A family whose routes may have next hops of another address family (RFC 8950).
struct NextHops {
    family: AfiSafi,
    afi: u16,
}

impl Display for NextHops {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Self { family, afi } = self;
        match afi {
            1 => write!(f, "{family} by IPv4"),
            2 => write!(f, "{family} by IPv6"),
            _ => write!(f, "{family} by afi{afi}"),
        }
    }
}

/// A family with path identifiers (RFC 7911).
struct AddPath {
    family: AfiSafi,
    mode: AddPathMode,
}

impl Display for AddPath {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.family, self.mode)
    }
}

impl Display for AddPathMode {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Receive => "receive",
            Self::Send => "send",
            Self::Both => "send and receive",
        })
    }
}

impl Display for Role {
    /// In the words of RFC 9234.
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Provider => "Provider",
            Self::RouteServer => "RS",
            Self::RouteServerClient => "RS-Client",
            Self::Customer => "Customer",
            Self::Peer => "Peer",
        })
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use routehub_types::{Asn, Attrs, Family, Nlri};

    use super::*;
    use crate::{Context, KEEPALIVE, Packer, decode, encode_end_of_rib};

    fn line(message: &[u8]) -> alloc::string::String {
        match decode(message, &Context::default()) {
            Ok(message) => message.to_string(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn an_open_is_a_line() {
        let open = Open {
            asn: Asn(65001),
            hold_time: 90,
            router_id: routehub_types::RouterId(0x0a00_0404),
            capabilities: [
                Capability::Multiprotocol(AfiSafi::IPV4),
                Capability::FourOctetAs(Asn(65001)),
                Capability::AddPath(vec![(AfiSafi::IPV4, AddPathMode::Both)]),
                Capability::ExtendedNextHop(vec![(AfiSafi::IPV4, 2)]),
                Capability::Role(Role::RouteServerClient),
                Capability::SoftwareVersion("\u{1b}[2J".into()),
            ]
            .into_iter()
            .collect(),
        };
        assert_eq!(
            Message::Open(open).to_string(),
            "OPEN AS 65001, hold time 90 s, BGP identifier 10.0.4.4, multiprotocol ipv4-unicast, \
             four-octet AS 65001, add-path ipv4-unicast send and receive, extended next hop \
             ipv4-unicast by IPv6, role RS-Client, software version \"\\u{1b}[2J\""
        );
    }

    #[test]
    fn an_update_says_what_counts_and_what_its_faults_ask_for() {
        let attrs = Attrs::new(
            "65001".parse().unwrap_or_default(),
            core::net::Ipv4Addr::new(10, 0, 4, 4),
        );
        let prefixes: vec::Vec<Nlri> = ["10.9.0.0/16", "10.10.0.0/16"]
            .iter()
            .filter_map(|text| text.parse().ok())
            .collect();
        let mut bytes = vec![];
        let packed = Packer::new(&Context::default()).announce(&attrs, &prefixes, &mut bytes);
        assert!(packed.is_ok());
        assert_eq!(line(&bytes), "UPDATE announces 2, withdraws 0");
        // ORIGIN is the first attribute.
        bytes[26] = 9;
        assert_eq!(
            line(&bytes),
            "UPDATE announces 0, withdraws 2 (treat_as_withdraw)"
        );
        let mut end = vec![];
        encode_end_of_rib(Family::Ipv4, &mut end);
        assert_eq!(line(&end), "UPDATE End-of-RIB ipv4");
        assert_eq!(line(&KEEPALIVE), "KEEPALIVE");
    }

    #[test]
    fn a_refresh_is_a_line() {
        let begin = RouteRefresh::new(Family::Ipv6, RefreshKind::Begin);
        assert_eq!(begin.to_string(), "ROUTE-REFRESH ipv6-unicast begin");
    }
}
