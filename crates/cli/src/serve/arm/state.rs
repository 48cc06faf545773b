//! The directory that documents are kept in.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde_json::Value;

/// The directory that documents are kept in.
pub(super) struct State {
    file: PathBuf,
}

impl State {
    /// Opens a directory, or makes it.
    pub(super) fn open(directory: &Path) -> Result<Self> {
        fs::create_dir_all(directory).with_context(|| directory.display().to_string())?;
        Ok(Self {
            file: directory.join("documents.json"),
        })
    }

    /// The documents that are kept; none: there never were any.
    pub(super) fn read(&self) -> Result<Option<String>> {
        match fs::read_to_string(&self.file) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| self.file.display().to_string()),
        }
    }

    /// Keeps documents in place of those before: either are there whole, whatever happens.
    pub(super) fn write(&self, documents: &Value) -> Result<()> {
        let new = self.file.with_extension("new");
        let write = || {
            let mut file = fs::File::create(&new)?;
            serde_json::to_writer_pretty(&mut file, documents)?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            fs::rename(&new, &self.file)
        };
        write().with_context(|| self.file.display().to_string())
    }
}
