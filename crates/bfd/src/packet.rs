//! The BFD control packet (RFC 5880 section 4.1): octets to fields and back.

mod field;

use core::fmt;
use core::num::NonZeroU8;

pub use field::{Diagnostic, Discriminator, State};

use crate::{Discard, Interval};

/// Octets of the mandatory section.
pub(crate) const MANDATORY: usize = 24;

/// Octets of a packet with the longest authentication section that is sent.
pub(crate) const LONGEST: usize = 52;

const VERSION: u8 = 1;

const POLL: u8 = 0x20;
const FINAL: u8 = 0x10;
const CONTROL_PLANE_INDEPENDENT: u8 = 0x08;
const AUTHENTICATION_PRESENT: u8 = 0x04;
const DEMAND: u8 = 0x02;
const MULTIPOINT: u8 = 0x01;

/// The mandatory section of a control packet. Version, length and the authentication bit follow
/// from where it stands; the multipoint bit is never set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// Why the sender's state changed last.
    pub diagnostic: Diagnostic,
    /// The sender's state.
    pub state: State,
    /// The sender asks for an answer.
    pub poll: bool,
    /// This answers a poll.
    pub is_final: bool,
    /// The sender's BFD lives on when its control plane does not.
    pub control_plane_independent: bool,
    /// The sender wants no periodic packets while both ends are Up.
    pub demand: bool,
    /// How many packets may be missed.
    pub detect_mult: NonZeroU8,
    /// The sender's discriminator.
    pub my_discriminator: Discriminator,
    /// The receiver's discriminator; none: the sender has not heard of it.
    pub your_discriminator: Option<Discriminator>,
    /// How fast the sender would like to send.
    pub desired_min_tx: Interval,
    /// How fast the sender can receive; zero: no periodic packets.
    pub required_min_rx: Interval,
    /// How fast the sender can send echo packets back; zero: it sends none back.
    pub required_min_echo_rx: Interval,
}

/// A packet as it was received: its fields, and the octets that its length field covers, with the
/// authentication section.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received<'a> {
    /// The mandatory section.
    pub packet: Packet,
    octets: &'a [u8],
}

impl<'a> Received<'a> {
    /// Reads the payload of a datagram, with the checks of RFC 5880 section 6.8.6 that need no
    /// session, in their order. What follows behind the packet is ignored.
    ///
    /// # Errors
    /// The packet has to be discarded.
    pub fn parse(payload: &'a [u8]) -> Result<Self, Discard> {
        let mandatory: Option<&[u8; MANDATORY]> = payload.first_chunk();
        let fields = mandatory.ok_or(Discard::Truncated(payload.len()))?;
        let [first, flags, detect_mult, length, numbers @ ..] = fields;
        if first >> 5 != VERSION {
            return Err(Discard::Version(first >> 5));
        }
        let least = match flags & AUTHENTICATION_PRESENT {
            0 => 24,
            _ => 26,
        };
        let length = *length;
        if length < least {
            return Err(Discard::Length { length, least });
        }
        let octets = payload.get(..usize::from(length));
        let octets = octets.ok_or(Discard::LengthBeyondPayload {
            length,
            octets: payload.len(),
        })?;
        let detect_mult = NonZeroU8::new(*detect_mult).ok_or(Discard::DetectMultZero)?;
        if flags & MULTIPOINT != 0 {
            return Err(Discard::Multipoint);
        }
        let mut numbers = numbers.chunks_exact(4).map(number);
        let mut next = || numbers.next().unwrap_or_default();
        let my_discriminator = Discriminator::new(next()).ok_or(Discard::MyDiscriminatorZero)?;
        let is_set = |bit| flags & bit != 0;
        let packet = Packet {
            diagnostic: Diagnostic::from_code(*first),
            state: State::from_code(flags >> 6),
            poll: is_set(POLL),
            is_final: is_set(FINAL),
            control_plane_independent: is_set(CONTROL_PLANE_INDEPENDENT),
            demand: is_set(DEMAND),
            detect_mult,
            my_discriminator,
            your_discriminator: Discriminator::new(next()),
            desired_min_tx: Interval(next()),
            required_min_rx: Interval(next()),
            required_min_echo_rx: Interval(next()),
        };
        if packet.poll && packet.is_final {
            return Err(Discard::PollAndFinal);
        }
        Ok(Self { packet, octets })
    }

    /// All octets of the packet.
    pub const fn octets(&self) -> &'a [u8] {
        self.octets
    }

    /// The authentication section, if the packet says that there is one.
    pub fn authentication(&self) -> Option<&'a [u8]> {
        let flags = self.octets.get(1).copied().unwrap_or_default();
        let section = self.octets.get(MANDATORY..);
        section.filter(|_| flags & AUTHENTICATION_PRESENT != 0)
    }
}

/// A number of four octets.
fn number(octets: &[u8]) -> u32 {
    octets.try_into().map_or(0, u32::from_be_bytes)
}

impl Packet {
    /// The packet without authentication.
    pub fn encode(&self) -> Datagram {
        let mut datagram = Datagram {
            octets: [0; LONGEST],
            length: MANDATORY as u8,
        };
        let bit = |is_set: bool, bit: u8| if is_set { bit } else { 0 };
        let flags = self.state.code() << 6
            | bit(self.poll, POLL)
            | bit(self.is_final, FINAL)
            | bit(self.control_plane_independent, CONTROL_PLANE_INDEPENDENT)
            | bit(self.demand, DEMAND);
        let first = [
            VERSION << 5 | self.diagnostic.code(),
            flags,
            self.detect_mult.get(),
            datagram.length,
        ];
        let numbers = [
            u32::from_be_bytes(first),
            self.my_discriminator.value(),
            self.your_discriminator.map_or(0, Discriminator::value),
            self.desired_min_tx.0,
            self.required_min_rx.0,
            self.required_min_echo_rx.0,
        ];
        for (place, number) in datagram.octets.chunks_exact_mut(4).zip(numbers) {
            place.copy_from_slice(&number.to_be_bytes());
        }
        datagram
    }
}

/// What goes into one UDP datagram.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Datagram {
    octets: [u8; LONGEST],
    length: u8,
}

impl Datagram {
    /// Its octets.
    pub fn octets(&self) -> &[u8] {
        self.octets
            .get(..usize::from(self.length))
            .unwrap_or_default()
    }

    /// Adds an authentication section of 28 octets, and says so in the header.
    pub(crate) fn with_section(mut self, section: [u8; LONGEST - MANDATORY]) -> Self {
        self.length = LONGEST as u8;
        let [_, flags, _, length, ..] = &mut self.octets;
        *flags |= AUTHENTICATION_PRESENT;
        *length = self.length;
        if let Some(place) = self.octets.last_chunk_mut() {
            *place = section;
        }
        self
    }

    /// Puts something at the very end, over what stands there.
    pub(crate) fn with_end<const N: usize>(mut self, end: [u8; N]) -> Self {
        if let Some(place) = self.octets.last_chunk_mut() {
            *place = end;
        }
        self
    }
}

impl fmt::Debug for Datagram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Datagram").field(&self.octets()).finish()
    }
}

impl AsRef<[u8]> for Datagram {
    fn as_ref(&self) -> &[u8] {
        self.octets()
    }
}
