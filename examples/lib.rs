//! Programs that users of routehub run; see the `[[example]]` sections of the manifest.
