//! SHA-1 (FIPS 180-4) of a short text: what RFC 5880 section 6.7.4 asks for. It keeps packets of
//! strangers out, as long as the key is secret; nothing else should be built on it.

const BLOCK: usize = 64;

/// The hash of a text of at most 55 octets, which fits one block; of a longer one, of its start.
pub(super) fn sha1_of_block(text: &[u8]) -> [u8; 20] {
    let length = text.len().min(BLOCK - 9);
    let mut block = [0; BLOCK];
    for (place, octet) in block.iter_mut().zip(text.iter().take(length)) {
        *place = *octet;
    }
    if let Some(end) = block.get_mut(length) {
        *end = 0x80;
    }
    if let Some(bits) = block.last_chunk_mut() {
        *bits = (8 * length as u64).to_be_bytes();
    }
    let mut state = [
        0x6745_2301,
        0xefcd_ab89,
        0x98ba_dcfe,
        0x1032_5476,
        0xc3d2_e1f0,
    ];
    add_block(&mut state, &block);
    let mut hash = [0; 20];
    for (place, word) in hash.chunks_exact_mut(4).zip(state) {
        place.copy_from_slice(&word.to_be_bytes());
    }
    hash
}

fn add_block(state: &mut [u32; 5], block: &[u8; BLOCK]) {
    let mut words = [0_u32; 80];
    for (word, octets) in words.iter_mut().zip(block.chunks_exact(4)) {
        *word = octets.try_into().map_or(0, u32::from_be_bytes);
    }
    for at in 16..80 {
        let mixed = words[at - 3] ^ words[at - 8] ^ words[at - 14] ^ words[at - 16];
        words[at] = mixed.rotate_left(1);
    }
    let [mut a, mut b, mut c, mut d, mut e] = *state;
    for (round, word) in words.into_iter().enumerate() {
        let (mixed, constant) = match round {
            0..20 => (b & c | !b & d, 0x5a82_7999),
            20..40 => (b ^ c ^ d, 0x6ed9_eba1),
            40..60 => (b & c | b & d | c & d, 0x8f1b_bcdc),
            _ => (b ^ c ^ d, 0xca62_c1d6_u32),
        };
        let next = a
            .rotate_left(5)
            .wrapping_add(mixed)
            .wrapping_add(e)
            .wrapping_add(constant)
            .wrapping_add(word);
        (a, b, c, d, e) = (next, a, b.rotate_left(30), c, d);
    }
    for (total, part) in state.iter_mut().zip([a, b, c, d, e]) {
        *total = total.wrapping_add(part);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(hash: [u8; 20]) -> [u32; 5] {
        let mut words = [0; 5];
        for (word, octets) in words.iter_mut().zip(hash.chunks_exact(4)) {
            *word = u32::from_be_bytes(octets.try_into().expect("four octets"));
        }
        words
    }

    #[test]
    fn hashes_are_those_of_the_standard() {
        let abc = [
            0xa999_3e36,
            0x4706_816a,
            0xba3e_2571,
            0x7850_c26c,
            0x9cd0_d89d,
        ];
        assert_eq!(words(sha1_of_block(b"abc")), abc);
        let nothing = [
            0xda39_a3ee,
            0x5e6b_4b0d,
            0x3255_bfef,
            0x9560_1890,
            0xafd8_0709,
        ];
        assert_eq!(words(sha1_of_block(b"")), nothing);
        let fox = [
            0x2fd4_e1c6,
            0x7a2d_28fc,
            0xed84_9ee1,
            0xbb76_e739,
            0x1b93_eb12,
        ];
        let text = b"The quick brown fox jumps over the lazy dog";
        assert_eq!(words(sha1_of_block(text)), fox);
    }
}
