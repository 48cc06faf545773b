//! Why packets are discarded, and how many.

use crate::State;

/// Why a packet has no effect (RFC 5880 section 6.8.6, which says in which order that is looked at).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Discard {
    /// It is shorter than the mandatory section.
    #[error("it has {0} octets, the mandatory section has 24")]
    Truncated(usize),
    /// It is of another version of BFD.
    #[error("version {0}, this is version 1")]
    Version(u8),
    /// Its length field is too small: 24, or 26 with an authentication section.
    #[error("length field {length}, at least {least} is right")]
    Length {
        /// What the field says.
        length: u8,
        /// What it may say at least.
        least: u8,
    },
    /// Its length field says more than there is.
    #[error("length field {length}, but there are {octets} octets")]
    LengthBeyondPayload {
        /// What the field says.
        length: u8,
        /// How many octets there are.
        octets: usize,
    },
    /// Its detection multiplier is zero.
    #[error("the detection multiplier is zero")]
    DetectMultZero,
    /// Its multipoint bit is set.
    #[error("the multipoint bit is set")]
    Multipoint,
    /// Its own discriminator is zero.
    #[error("My Discriminator is zero")]
    MyDiscriminatorZero,
    /// It polls and answers a poll, which no packet may (RFC 5880 section 6.5).
    #[error("both Poll and Final are set")]
    PollAndFinal,
    /// No session has the discriminator that it names.
    #[error("no session has the discriminator {0}")]
    UnknownDiscriminator(u32),
    /// It names no discriminator, and says that it has heard of one.
    #[error("Your Discriminator is zero in state {0}")]
    YourDiscriminatorZero(State),
    /// It names no discriminator, and there is no session between these addresses.
    #[error("there is no session with its sender")]
    NoSession,
    /// It did not arrive with the TTL, or hop limit, that the session asks for (RFC 5881 section 5).
    #[error("it arrived with TTL {received}, at least {least} is asked for")]
    Ttl {
        /// What it arrived with.
        received: u8,
        /// What it may arrive with at least.
        least: u8,
    },
    /// It is authenticated, and the session is not.
    #[error("it is authenticated, the session is not")]
    AuthenticationUnexpected,
    /// It is not authenticated, and the session is.
    #[error("it is not authenticated, the session is")]
    AuthenticationMissing,
    /// It is authenticated in another way than the session.
    #[error("authentication type {0} is not the session's")]
    AuthenticationType(u8),
    /// No key of the session has its key ID.
    #[error("there is no key with ID {0}")]
    KeyId(u8),
    /// Its authentication section has another length than its type asks for.
    #[error("the authentication section has {0} octets")]
    AuthenticationLength(u8),
    /// Its sequence number is one that was used, or too far ahead.
    #[error("sequence number {0} is not next")]
    SequenceNumber(u32),
    /// Its hash is wrong: the keys differ.
    #[error("the hash is wrong")]
    Hash,
    /// The session is held down by an operator (RFC 5880 section 6.8.6).
    #[error("the session is AdminDown")]
    AdminDown,
}

/// How many reasons there are.
const REASONS: usize = 20;

impl Discard {
    /// A short name of the reason, as metrics have them, and its place among all.
    const fn row(&self) -> (usize, &'static str) {
        match self {
            Self::Ttl { .. } => (0, "ttl"),
            Self::Truncated(_) => (1, "truncated"),
            Self::Version(_) => (2, "version"),
            Self::Length { .. } => (3, "length"),
            Self::LengthBeyondPayload { .. } => (4, "length_beyond_payload"),
            Self::DetectMultZero => (5, "detect_mult_zero"),
            Self::Multipoint => (6, "multipoint"),
            Self::MyDiscriminatorZero => (7, "my_discriminator_zero"),
            Self::PollAndFinal => (8, "poll_and_final"),
            Self::UnknownDiscriminator(_) => (9, "unknown_discriminator"),
            Self::YourDiscriminatorZero(_) => (10, "your_discriminator_zero"),
            Self::NoSession => (11, "no_session"),
            Self::AuthenticationUnexpected => (12, "authentication_unexpected"),
            Self::AuthenticationMissing => (13, "authentication_missing"),
            Self::AuthenticationType(_) => (14, "authentication_type"),
            Self::KeyId(_) => (15, "key_id"),
            Self::AuthenticationLength(_) => (16, "authentication_length"),
            Self::SequenceNumber(_) => (17, "sequence_number"),
            Self::Hash => (18, "hash"),
            Self::AdminDown => (19, "admin_down"),
        }
    }

    /// A short name of the reason, such as `unknown_discriminator`.
    pub const fn name(&self) -> &'static str {
        self.row().1
    }
}

/// How many packets were discarded, by reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DiscardCounters([(&'static str, u64); REASONS]);

impl DiscardCounters {
    /// Nothing was discarded.
    pub(crate) const fn new() -> Self {
        Self([("", 0); REASONS])
    }

    pub(crate) const fn count(&mut self, discard: &Discard) {
        let (place, name) = discard.row();
        // Every place is below `REASONS`.
        if place < REASONS {
            let (named, count) = &mut self.0[place];
            *named = name;
            *count += 1;
        }
    }

    /// The short names of the reasons that there were, each with how often.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.0.iter().copied().filter(|(_, count)| *count > 0)
    }

    /// How many in all.
    pub fn total(&self) -> u64 {
        self.0.iter().map(|(_, count)| count).sum()
    }

    /// Adds what others counted.
    pub fn add(&mut self, other: &Self) {
        for ((name, count), (others, more)) in self.0.iter_mut().zip(other.0) {
            if more > 0 {
                *name = others;
                *count += more;
            }
        }
    }
}
