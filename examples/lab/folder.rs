//! The folder of a lab's files.

use std::path::{Path, PathBuf};

use anyhow::Result;

/// What the names of the labs' folders begin with; the rest is the number of the process.
const FOLDER: &str = "routehub-lab-";

/// The folder of this lab; it is removed with this.
pub(crate) struct Folder(PathBuf);

impl Folder {
    /// Makes it, and removes folders of labs that did not come to remove them.
    pub(crate) fn create() -> Result<Self> {
        remove_leftovers();
        let folder = std::env::temp_dir().join(format!("{FOLDER}{}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        Ok(Self(folder))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // The next lab removes what is left.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn remove_leftovers() {
    let Ok(entries) = std::fs::read_dir(std::env::temp_dir()) else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let process = name.to_str().and_then(|name| name.strip_prefix(FOLDER));
        if process.is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            // It may be somebody else's.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}
