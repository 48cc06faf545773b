//! Text forms for serde, by way of `Display` and `FromStr`.

/// Serializes a type as its text form and reads it back from text.
macro_rules! as_text {
    ($($type:ty),+ $(,)?) => {$(
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Text;
                impl serde::de::Visitor<'_> for Text {
                    type Value = $type;

                    fn expecting(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                        f.write_str(concat!("the text of a ", stringify!($type)))
                    }

                    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<$type, E> {
                        text.parse().map_err(E::custom)
                    }
                }
                deserializer.deserialize_str(Text)
            }
        }
    )+};
}

as_text!(
    crate::AsPath,
    crate::Community,
    crate::ExtendedCommunity,
    crate::Family,
    crate::Ipv4Prefix,
    crate::Ipv6ExtendedCommunity,
    crate::Ipv6Prefix,
    crate::LargeCommunity,
    crate::Origin,
    crate::Prefix,
    crate::RouterId,
);
