//! The numbers and switches of a route server: those of Azure by year, and of a plain one.
//!
//! Every number of Azure that routehub works by stands in a [`Profile`], with the rule of the
//! catalogue that states it and where that rule comes from ([`SOURCES`] spells the keys out).
//!
//! ```
//! use routehub::Profile;
//!
//! let mut profile = Profile::named("azure-2026")?;
//! assert_eq!(profile.max_routes_per_peer, Some(4000));
//! profile.set("max_routes_per_peer", "1000")?;
//! for change in Profile::named("azure-2023")?.diff(&profile) {
//!     println!("{change}");
//! }
//! # Ok::<(), routehub::ProfileError>(())
//! ```

mod error;
mod fields;
mod numbers;
mod parameters;
mod policies;
mod setting;
mod sources;
mod switch;
mod table;

pub use error::ProfileError;
pub use fields::Profile;
pub use sources::{SOURCES, Source};
pub use switch::NoExport;
pub use table::{Difference, Field};

/// The names of all profiles, oldest first.
pub const PROFILES: [&str; 5] = [
    "azure-2021",
    "azure-2023",
    "azure-2025",
    "azure-2026",
    "open",
];

impl Profile {
    /// The profile of this name: one of [`PROFILES`].
    ///
    /// # Errors
    /// [`ProfileError::UnknownProfile`] with the nearest name there is.
    pub fn named(name: &str) -> Result<Self, ProfileError> {
        let column = PROFILES.iter().position(|one| *one == name);
        column
            .map(Self::column)
            .ok_or_else(|| ProfileError::UnknownProfile {
                name: name.to_owned(),
                nearest: error::nearest(name, PROFILES),
            })
    }

    /// All profiles, in the order of [`PROFILES`].
    pub fn all() -> impl Iterator<Item = Self> {
        (0..PROFILES.len()).map(Self::column)
    }
}

impl Default for Profile {
    /// The newest of Azure.
    fn default() -> Self {
        Self::column(3)
    }
}
