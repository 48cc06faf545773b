//! How the session of one real router is run.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU8;
use std::path::PathBuf;

use routehub::estate::{AddPaths, MaximumPrefix, SessionOption, SessionOptions, SessionRole};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

use crate::syntax::diagnostic::Fault;
use crate::syntax::node::Node;
use crate::syntax::value_deserializer::Context;

/// How the sessions of one NVA, site or on-premises router are run live: keys that stand among
/// those of the model.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default)]
pub struct LivePeer {
    /// A real router must connect; what the file says it announces is not announced.
    pub live: bool,
    /// The TCP-MD5 password.
    #[schemars(with = "Option<String>")]
    pub password: Option<Secret>,
    /// A file whose first line is the TCP-MD5 password, beside the network file.
    pub password_file: Option<PathBuf>,
    /// Only packets that were sent with TTL 255 are believed (GTSM, RFC 5082).
    pub ttl_security: bool,
    /// The server waits to be connected to; otherwise it also connects.
    pub passive: bool,
    /// BFD runs beside the session.
    pub bfd: Option<Bfd>,
    /// The address that it really connects from, where that is not the model's.
    pub peer_address: Option<IpAddr>,
    /// The session is not held until the event `enable`; a text is what the peer is told when a
    /// reload shuts it down (RFC 9003).
    #[serde(deserialize_with = "shutdown")]
    #[schemars(schema_with = "switch_or_text")]
    pub shutdown: Option<Shutdown>,
    /// How many of its routes are taken, and what happens beyond; profile `open`.
    pub maximum_prefix: Option<MaximumPrefix>,
    /// Its routes stay while it restarts (RFC 4724, RFC 8538); profile `open`.
    pub graceful_restart: bool,
    /// For how many seconds routes stay that it does not send again (RFC 8538 section 4.1).
    pub stale_time: u16,
    /// Its routes stay for longer where it does not come back in time, marked with LLGR_STALE and
    /// behind all others, if it offers that (RFC 9494); with `graceful_restart`, profile `open`.
    pub long_lived_graceful_restart: bool,
    /// For how many seconds at the most, in both families or in each; less where the router says
    /// less.
    #[schemars(extend("default" = StaleTimes::DAY))]
    pub long_lived_stale_time: StaleTimes,
    /// Begin and end of a refresh are marked (RFC 7313); profile `open`.
    pub enhanced_refresh: bool,
    /// Messages may have up to 65,535 octets (RFC 8654); profile `open`.
    pub extended_messages: bool,
    /// The part that the route server plays towards it (RFC 9234); profile `open`.
    pub role: Option<SessionRole>,
    /// A router that tells no role is refused (RFC 9234 section 4.2).
    pub strict_role: bool,
    /// Several paths of a prefix are sent to it, taken from it, or both (RFC 7911); profile `open`. Where
    /// its outbound route map rewrites prefixes, the best path alone is sent.
    pub add_paths: Option<AddPaths>,
    /// How many paths of a prefix are sent to it: those in use first, then those that came nearest.
    pub add_paths_limit: NonZeroU8,
}

/// For how many seconds routes may be long-lived stale at the most (RFC 9494 section 4.2), which both
/// families have in common or not; 0: not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(from = "StaleTimesForm")]
#[schemars(with = "StaleTimesForm")]
pub struct StaleTimes {
    /// Those of IPv4.
    pub ipv4: u32,
    /// Those of IPv6.
    pub ipv6: u32,
}

impl StaleTimes {
    /// A day.
    const DAY: u32 = 86_400;
}

impl Default for StaleTimes {
    fn default() -> Self {
        Self {
            ipv4: Self::DAY,
            ipv6: Self::DAY,
        }
    }
}

impl From<StaleTimesForm> for StaleTimes {
    fn from(form: StaleTimesForm) -> Self {
        match form {
            StaleTimesForm::Both(Seconds(both)) => Self {
                ipv4: both,
                ipv6: both,
            },
            StaleTimesForm::Each(each) => Self {
                ipv4: each.ipv4.0,
                ipv6: each.ipv6.0,
            },
        }
    }
}

/// Seconds, or those of each family.
#[derive(Deserialize, JsonSchema)]
#[serde(rename = "one of: seconds, or a mapping with `ipv4` and `ipv6`")]
#[schemars(untagged, rename = "StaleTimes")]
enum StaleTimesForm {
    /// The same of both families.
    #[serde(rename = "number")]
    Both(Seconds),
    /// Those of each.
    #[serde(rename = "map")]
    Each(FamilySeconds),
}

/// For how many seconds routes of each family may be long-lived stale at the most; 0: not at all.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename = "stale times")]
#[schemars(rename = "FamilyStaleTimes")]
struct FamilySeconds {
    /// Those of IPv4.
    #[schemars(extend("default" = StaleTimes::DAY))]
    ipv4: Seconds,
    /// Those of IPv6.
    #[schemars(extend("default" = StaleTimes::DAY))]
    ipv6: Seconds,
}

impl Default for FamilySeconds {
    fn default() -> Self {
        let day = || Seconds(StaleTimes::DAY);
        Self {
            ipv4: day(),
            ipv6: day(),
        }
    }
}

/// Seconds that a capability can hold (RFC 9494 section 4.1).
#[derive(JsonSchema)]
#[schemars(transparent)]
struct Seconds(#[schemars(range(max = 16_777_215))] u32);

impl<'de> Deserialize<'de> for Seconds {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let seconds = u32::deserialize(deserializer)?;
        match seconds {
            0..=0x00ff_ffff => Ok(Self(seconds)),
            _ => Err(de::Error::custom("expected 0 to 16777215 seconds")),
        }
    }
}

/// A session that is not held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shutdown {
    /// What the peer is told (RFC 9003).
    pub text: Option<String>,
}

/// Reads `true`, `false` or a text.
fn shutdown<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Shutdown>, D::Error> {
    let written = Option::<SwitchOrText>::deserialize(deserializer)?;
    Ok(written.and_then(|written| written.0))
}

/// A session that is not held, as the file says it.
struct SwitchOrText(Option<Shutdown>);

impl<'de> Deserialize<'de> for SwitchOrText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Written;

        impl de::Visitor<'_> for Written {
            type Value = SwitchOrText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false or a text")
            }

            fn visit_bool<E: de::Error>(self, shut: bool) -> Result<SwitchOrText, E> {
                Ok(SwitchOrText(shut.then(Shutdown::default)))
            }

            // A switch of a network file comes as it is written.
            fn visit_str<E: de::Error>(self, text: &str) -> Result<SwitchOrText, E> {
                let text = match text {
                    "false" => return Ok(SwitchOrText(None)),
                    "true" => None,
                    text => Some(text.to_owned()),
                };
                Ok(SwitchOrText(Some(Shutdown { text })))
            }
        }

        deserializer.deserialize_any(Written)
    }
}

fn switch_or_text(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
    schemars::json_schema!({"type": ["boolean", "string", "null"], "default": null})
}

impl Default for LivePeer {
    fn default() -> Self {
        Self {
            live: false,
            password: None,
            password_file: None,
            ttl_security: false,
            passive: true,
            bfd: None,
            peer_address: None,
            shutdown: None,
            maximum_prefix: None,
            graceful_restart: false,
            stale_time: 180,
            long_lived_graceful_restart: false,
            long_lived_stale_time: StaleTimes::default(),
            enhanced_refresh: false,
            extended_messages: false,
            role: None,
            strict_role: false,
            add_paths: None,
            add_paths_limit: SessionOptions::MOST_PATHS,
        }
    }
}

impl LivePeer {
    /// Reads the keys that stand among others.
    ///
    /// # Errors
    /// What is wrong with them; that one is of no use without another.
    pub(super) fn read(context: Context<'_>, node: &Node) -> Result<Self, Fault> {
        const KEY: &str = "long_lived_graceful_restart";
        let peer: Self = context.read(node)?;
        if peer.long_lived_graceful_restart && !peer.graceful_restart {
            let message = format!(
                "`{KEY}` needs `graceful_restart: true`: without it a router disregards it (RFC \
                 9494 section 4.1)"
            );
            return Err(Fault::new(node.field(KEY).unwrap_or(node).span, message));
        }
        Ok(peer)
    }

    /// What its sessions are asked for, as the estate tells of it.
    pub fn session_options(&self) -> SessionOptions {
        let has_password = self.password.is_some() || self.password_file.is_some();
        let asked = [
            (SessionOption::Password, has_password),
            (SessionOption::TtlSecurity, self.ttl_security),
            (SessionOption::Bfd, self.bfd.is_some()),
            (SessionOption::MaximumPrefix, self.maximum_prefix.is_some()),
            (SessionOption::GracefulRestart, self.graceful_restart),
            (
                SessionOption::LongLivedGracefulRestart,
                self.long_lived_graceful_restart,
            ),
            (SessionOption::EnhancedRefresh, self.enhanced_refresh),
            (SessionOption::ExtendedMessages, self.extended_messages),
            (SessionOption::Role, self.role.is_some()),
            (SessionOption::AddPaths, self.add_paths.is_some()),
        ];
        let asked = asked.into_iter().filter(|(_, asked)| *asked);
        SessionOptions {
            live: self.live,
            asked: asked.map(|(option, _)| option).collect(),
            maximum_prefix: self.maximum_prefix,
            role: self.role,
            most_paths: self.add_paths_limit,
        }
    }

    /// Its keys in a network file: where it stands, then how its sessions are run.
    pub const KEYS: &[&str] = &[
        "live",
        "passive",
        "peer_address",
        "shutdown",
        "password",
        "password_file",
        "ttl_security",
        "bfd",
        "maximum_prefix",
        "graceful_restart",
        "stale_time",
        "long_lived_graceful_restart",
        "long_lived_stale_time",
        "enhanced_refresh",
        "extended_messages",
        "role",
        "strict_role",
        "add_paths",
        "add_paths_limit",
    ];

    /// Those that routers have too which the file does not describe.
    pub(crate) const SESSION_KEYS: &[&str] = Self::KEYS.split_at(4).1;
}

/// A text that is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// This text.
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

impl<'de> Deserialize<'de> for Secret {
    /// Nothing that is wrong is repeated in the error.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer);
        text.map(Self)
            .map_err(|_| de::Error::custom("expected a text, in quotes if it looks like a number"))
    }
}

/// BFD beside a session.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename = "bfd")]
#[schemars(rename = "Bfd")]
pub struct Bfd {
    /// Between packets, in milliseconds.
    pub interval_ms: u32,
    /// How many packets may be missed.
    pub multiplier: u8,
    /// Whether the peer is more than a hop away (RFC 5883), or on the same link (RFC 5881); without
    /// it either is taken, by how the peer begins.
    pub multihop: Option<bool>,
    /// The key that packets are signed with, of 20 octets at most: meticulous keyed SHA1 (RFC 5880
    /// section 6.7.4).
    #[schemars(with = "Option<String>")]
    pub password: Option<Secret>,
    /// The ID of that key.
    pub key_id: u8,
}

impl Bfd {
    /// Three packets, 300 ms apart, as they are.
    pub const DEFAULT: Self = Self {
        interval_ms: 300,
        multiplier: 3,
        multihop: None,
        password: None,
        key_id: 1,
    };
}

impl Default for Bfd {
    fn default() -> Self {
        Self::DEFAULT
    }
}
