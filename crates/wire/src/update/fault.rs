//! Faults of an UPDATE and what follows from them (RFC 7606).

use alloc::vec::Vec;
use core::fmt;

use routehub_types::FamilySet;
use routehub_types::attribute_code::{
    self, AGGREGATOR, AS4_AGGREGATOR, MP_REACH_NLRI, MP_UNREACH_NLRI,
};

use crate::{Notification, Reason};

/// What a fault asks for, weakest first (RFC 7606 section 2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Action {
    /// Nothing: the message is used as if it were in order.
    #[default]
    Accept,
    /// The attribute is left out.
    AttributeDiscard,
    /// The routes of the message are withdrawn.
    TreatAsWithdraw,
    /// The family is no longer used on this session.
    AfiSafiDisable,
    /// The session ends with a NOTIFICATION.
    Reset,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Accept => "accept",
            Self::AttributeDiscard => "attribute_discard",
            Self::TreatAsWithdraw => "treat_as_withdraw",
            Self::AfiSafiDisable => "afi_safi_disable",
            Self::Reset => "reset",
        })
    }
}

/// What to do with an UPDATE: what its strongest fault asks for.
#[must_use = "an UPDATE with faults is not to be used as a good one"]
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(feature = "serde", serde(rename_all = "snake_case"))]
pub enum Outcome {
    /// Use it.
    Accept,
    /// Use it without the attributes at fault, which the view leaves out.
    AttributeDiscard,
    /// Withdraw its routes; the view shows them as withdrawn.
    TreatAsWithdraw,
    /// Use no routes of these families any more on this session.
    AfiSafiDisable(FamilySet),
    /// Send this and end the session.
    Reset(Notification),
}

impl Outcome {
    /// The same without what it carries.
    pub const fn action(&self) -> Action {
        match self {
            Self::Accept => Action::Accept,
            Self::AttributeDiscard => Action::AttributeDiscard,
            Self::TreatAsWithdraw => Action::TreatAsWithdraw,
            Self::AfiSafiDisable(_) => Action::AfiSafiDisable,
            Self::Reset(_) => Action::Reset,
        }
    }
}

impl fmt::Display for Outcome {
    /// The action, and what goes with it: `reset (UPDATE Message Error, ...)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let action = self.action();
        match self {
            Self::AfiSafiDisable(families) => {
                write!(f, "{action}")?;
                families
                    .iter()
                    .try_for_each(|family| write!(f, " {family}"))
            }
            Self::Reset(notification) => write!(f, "{action} ({notification})"),
            _ => write!(f, "{action}"),
        }
    }
}

/// One thing that is wrong with an UPDATE.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Fault {
    /// The type code of the attribute at fault; none where it is another part of the message.
    pub attribute: Option<u8>,
    /// Where the part at fault starts, in octets from the start of the message.
    pub offset: usize,
    /// What is wrong.
    pub reason: Reason,
    /// What it asks for.
    pub action: Action,
}

impl Fault {
    /// The NOTIFICATION for this fault where it resets the session (RFC 4271 section 6.3, RFC 4760
    /// section 7); `attribute` is the whole attribute at fault.
    pub(crate) fn notification(&self, attribute: &[u8]) -> Notification {
        let multiprotocol = matches!(self.attribute, Some(MP_REACH_NLRI | MP_UNREACH_NLRI));
        let with_attribute = |error: Notification| error.with_data(attribute.to_vec());
        match self.reason {
            Reason::MpDuplicate
            | Reason::WithdrawnOverrun
            | Reason::AttributesOverrun
            | Reason::AttributeHeader
            | Reason::AttributeOverrun => Notification::MALFORMED_ATTRIBUTE_LIST,
            _ if multiprotocol => with_attribute(Notification::OPTIONAL_ATTRIBUTE_ERROR),
            Reason::PrefixLength | Reason::PrefixOverrun => Notification::INVALID_NETWORK_FIELD,
            Reason::WellKnownUnknown => {
                with_attribute(Notification::UNRECOGNIZED_WELL_KNOWN_ATTRIBUTE)
            }
            Reason::AttributeMissing => Notification::MISSING_WELL_KNOWN_ATTRIBUTE
                .with_data(self.attribute.into_iter().collect()),
            Reason::AttributeFlags => with_attribute(Notification::ATTRIBUTE_FLAGS_ERROR),
            Reason::AttributeLength => with_attribute(Notification::ATTRIBUTE_LENGTH_ERROR),
            Reason::OriginValue => with_attribute(Notification::INVALID_ORIGIN),
            Reason::NextHop => with_attribute(Notification::INVALID_NEXT_HOP),
            Reason::PathAsnZero if matches!(self.attribute, Some(AGGREGATOR | AS4_AGGREGATOR)) => {
                with_attribute(Notification::OPTIONAL_ATTRIBUTE_ERROR)
            }
            Reason::SegmentOverrun
            | Reason::SegmentEmpty
            | Reason::SegmentType
            | Reason::PathAsnZero
            | Reason::ConfedSegment
            | Reason::ConfedSegmentMissing
            | Reason::FirstAs
            | Reason::AsSet => Notification::MALFORMED_AS_PATH,
            _ => with_attribute(Notification::OPTIONAL_ATTRIBUTE_ERROR),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "octet {}", self.offset)?;
        if let Some(code) = self.attribute {
            match attribute_code::name(code) {
                Some(name) => write!(f, ", {name}")?,
                None => write!(f, ", attribute {code}")?,
            }
        }
        write!(f, ": {} ({})", self.reason, self.action)
    }
}

/// Where a check puts the faults it finds.
pub(crate) trait Sink {
    /// Takes a fault.
    fn fault(&mut self, fault: Fault);
    /// The strongest action so far.
    fn strongest(&self) -> Action;
}

/// Keeps only what decides: whether there is a fault, and the strongest action.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Strongest {
    pub(crate) action: Action,
    pub(crate) any: bool,
    /// Whether some fault asks for treat-as-withdraw, which a stronger action may hide.
    pub(crate) withdraw: bool,
}

impl Sink for Strongest {
    #[cold]
    fn fault(&mut self, fault: Fault) {
        self.any = true;
        self.withdraw |= fault.action == Action::TreatAsWithdraw;
        self.action = self.action.max(fault.action);
    }

    fn strongest(&self) -> Action {
        self.action
    }
}

impl Sink for Vec<Fault> {
    fn fault(&mut self, fault: Fault) {
        self.push(fault);
    }

    fn strongest(&self) -> Action {
        let actions = self.iter().map(|fault| fault.action);
        actions.max().unwrap_or_default()
    }
}
