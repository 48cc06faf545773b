//! Writing the OPEN message.

use alloc::vec::Vec;

use crate::frame::{HEADER_LEN, MARKER, MAX_LEN, MessageType};
use crate::open::VERSION;
use crate::parse::open::{CAPABILITIES, EXTENDED};
use crate::{EncodeError, Open};

/// The longest list of capabilities that fits one parameter of the plain encoding.
const PLAIN_MAX: usize = 253;

/// Appends the whole message, or nothing if it has no encoding.
pub(crate) fn encode(open: &Open, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    let mut capabilities = Vec::new();
    for capability in &open.capabilities {
        super::capability::encode(capability, &mut capabilities)?;
    }
    let mut body = Vec::from([VERSION]);
    body.extend_from_slice(&open.my_as().to_be_bytes());
    body.extend_from_slice(&open.hold_time.to_be_bytes());
    body.extend_from_slice(&open.router_id.0.to_be_bytes());
    parameters(&capabilities, &mut body);
    let length = HEADER_LEN + body.len();
    if length > MAX_LEN {
        return Err(EncodeError::TooLong {
            length,
            max: MAX_LEN,
        });
    }
    out.extend_from_slice(&MARKER);
    // At most 4,096: checked above.
    out.extend_from_slice(&(length as u16).to_be_bytes());
    out.push(MessageType::Open.code());
    out.append(&mut body);
    Ok(())
}

/// Appends the optional parameters: none, or one with all capabilities.
fn parameters(capabilities: &[u8], out: &mut Vec<u8>) {
    let length = capabilities.len();
    if length == 0 {
        out.push(0);
    } else if length <= PLAIN_MAX {
        // At most 253: this branch.
        out.extend_from_slice(&[length as u8 + 2, CAPABILITIES, length as u8]);
    } else {
        // A list too long for these fields is too long for the message, which is refused.
        let [high, low] = (length as u16).to_be_bytes();
        let [all_high, all_low] = (length as u16).wrapping_add(3).to_be_bytes();
        out.extend_from_slice(&[255, EXTENDED, all_high, all_low, CAPABILITIES, high, low]);
    }
    out.extend_from_slice(capabilities);
}
