//! Values of profiles as text, both ways.

use routehub_exchange::{
    NoExport, OneInstanceNics, PrefixCountMode, ReflectBetweenNvas, UnreachableNextHop,
};
use routehub_policy::ForbiddenAsns;
use routehub_types::{Asn, Community};

/// A value that a table shows.
pub(crate) trait Shown {
    fn text(&self) -> String;
}

/// A value that a user may set.
pub(crate) trait Setting: Shown + Sized {
    /// What text can be read, for error messages.
    const ALLOWED: &'static str;

    fn read(text: &str) -> Option<Self>;
}

/// A number without a sign.
fn number<N: std::str::FromStr>(text: &str) -> Option<N> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok()).flatten()
}

/// Types whose text is what `Display` writes.
macro_rules! shown {
    ($($type:ty),+) => {$(
        impl Shown for $type {
            fn text(&self) -> String {
                self.to_string()
            }
        }
    )+};
}

shown!(bool, u8, u16, u32, Asn, Community);

impl<T: Shown> Shown for Option<T> {
    fn text(&self) -> String {
        self.as_ref().map_or_else(|| "none".to_owned(), Shown::text)
    }
}

impl Setting for bool {
    const ALLOWED: &'static str = "true or false";

    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }
}

impl Setting for Option<u32> {
    const ALLOWED: &'static str = "a whole number of 0..4294967295, or none";

    fn read(text: &str) -> Option<Self> {
        match text {
            "none" => Some(None),
            text => number(text).map(Some),
        }
    }
}

/// Prefix lengths.
impl Setting for Option<u8> {
    const ALLOWED: &'static str = "a prefix length of 0..32, or none";

    fn read(text: &str) -> Option<Self> {
        match text {
            "none" => Some(None),
            text => number(text).filter(|length| *length <= 32).map(Some),
        }
    }
}

/// Words that stand for the variants of a type.
macro_rules! words {
    ($($type:ident: $allowed:literal = $($variant:ident $word:literal),+;)+) => {$(
        impl Shown for $type {
            fn text(&self) -> String {
                match self { $(Self::$variant => $word),+ }.to_owned()
            }
        }

        impl Setting for $type {
            const ALLOWED: &'static str = $allowed;

            fn read(text: &str) -> Option<Self> {
                match text { $($word => Some(Self::$variant),)+ _ => None }
            }
        }
    )+};
}

words! {
    ReflectBetweenNvas: "b2b, always or never" = BranchToBranch "b2b", Always "always", Never "never";
    PrefixCountMode: "per_message, per_batch or strict_rib" =
        PerMessage "per_message", PerBatch "per_batch", StrictRib "strict_rib";
    UnreachableNextHop: "none or show" = None "none", Show "show";
    NoExport: "rfc or ignore" = Rfc "rfc", Ignore "ignore";
    OneInstanceNics: "both or hash" = Both "both", Hash "hash";
}

/// Items with commas between them.
fn joined(items: impl IntoIterator<Item = String>) -> String {
    let items: Vec<String> = items.into_iter().collect();
    match items.is_empty() {
        true => "none".to_owned(),
        false => items.join(", "),
    }
}

impl Shown for Vec<Community> {
    fn text(&self) -> String {
        joined(self.iter().map(ToString::to_string))
    }
}

impl Shown for Vec<ForbiddenAsns> {
    fn text(&self) -> String {
        joined(self.iter().map(|range| match range.first == range.last {
            true => range.first.to_string(),
            false => format!("{}-{}", range.first, range.last),
        }))
    }
}
