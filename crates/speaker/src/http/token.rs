//! Bearer tokens.

use std::fmt;
use std::io;
use std::path::Path;

use subtle::ConstantTimeEq;

/// A bearer token, for events or for reading.
pub struct Token(Vec<u8>);

/// Why a token cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    /// The file cannot be read.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// There is nothing in it, or something that no header can hold.
    #[error("a token is one line of visible characters without blanks, and not empty")]
    Unfit,
}

impl Token {
    /// This secret; blanks and line ends around it do not count.
    ///
    /// # Errors
    /// [`TokenError::Unfit`].
    pub fn new(secret: &str) -> Result<Self, TokenError> {
        let secret = secret.trim();
        let fits = !secret.is_empty() && secret.bytes().all(|octet| octet.is_ascii_graphic());
        let token = fits.then(|| Self(secret.into()));
        token.ok_or(TokenError::Unfit)
    }

    /// The secret in a file.
    ///
    /// # Errors
    /// [`TokenError`].
    pub fn read(file: &Path) -> Result<Self, TokenError> {
        Self::new(&std::fs::read_to_string(file)?)
    }

    /// Whether this is the secret; how long that takes does not tell how much of it is right.
    pub(crate) fn is(&self, given: &[u8]) -> bool {
        self.0.ct_eq(given).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_the_line_without_what_surrounds_it_and_nothing_else_is() {
        let token = Token::new(" s3cret-of-mine\n").expect("a token");
        assert!(token.is(b"s3cret-of-mine"));
        for other in ["", "s3cret-of-min", "s3cret-of-mine ", "S3cret-of-mine"] {
            assert!(!token.is(other.as_bytes()), "{other:?}");
        }
        assert_eq!(format!("{token:?}"), "Token");
    }

    #[test]
    fn what_no_header_can_hold_is_no_token() {
        for unfit in ["", " \n", "two words", "two\nlines", "gr\u{fc}n"] {
            assert!(Token::new(unfit).is_err(), "{unfit:?}");
        }
    }
}
