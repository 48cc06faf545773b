//! Path attributes of a set, as a session carries them.

use alloc::vec::Vec;
use core::net::Ipv4Addr;

use routehub_types::attribute_block::{self, Form};
use routehub_types::{Attrs, attribute_code};

use crate::{Context, EncodeError};

/// Appends the attributes of a set; with NEXT_HOP only where the prefixes are in the NLRI field.
///
/// What a peer of this kind may not see is left out: LOCAL_PREF outside the AS or confederation,
/// ORIGINATOR_ID and CLUSTER_LIST outside the AS, AIGP where it is not in use.
pub(super) fn encode(
    attrs: &Attrs,
    context: &Context,
    next_hop: Option<Ipv4Addr>,
    out: &mut Vec<u8>,
) -> Result<(), EncodeError> {
    let mut unknown = attrs.unknown.iter().map(|attribute| attribute.code);
    if let Some(code) = unknown.find(|code| attribute_code::is_typed(*code)) {
        return Err(EncodeError::KnownAttribute { code });
    }
    let form = Form {
        four_octet_as: context.four_octet_as,
        local_pref: context.peer.shares_local_pref(),
        reflection: context.peer.is_internal(),
        aigp: context.aigp,
    };
    let start = out.len();
    attribute_block::write_message(attrs, form, next_hop, out);
    let block = &out[start..];
    if block.len() > usize::from(u16::MAX)
        && let Some(code) = attribute_block::too_long(block)
    {
        return Err(EncodeError::AttributeTooLong { code });
    }
    Ok(())
}
