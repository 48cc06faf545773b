//! Any stream is cut into messages, or refused with a NOTIFICATION for its header.
#![no_main]

use libfuzzer_sys::fuzz_target;
use routehub_wire::{MAX_EXTENDED_LEN, MAX_LEN, frame};

fuzz_target!(|stream: &[u8]| {
    for max_len in [MAX_LEN, MAX_EXTENDED_LEN] {
        let mut left = stream;
        loop {
            match frame(left, max_len) {
                Ok(Some(length)) => {
                    assert!((19..=max_len).contains(&length) && length <= left.len());
                    left = &left[length..];
                }
                Ok(None) => break,
                Err(error) => {
                    assert_eq!(error.notification().code, 1);
                    assert!(error.offset < 19);
                    break;
                }
            }
        }
    }
});
