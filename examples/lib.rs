//! Programs that users of routehub run; see the `[[example]]` sections of the manifest.
//! `quickstart` has a package of its own, so that nothing is compiled for it that it does not use.
