//! What daemons did, as it was recorded.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::judge::Seen;

/// What daemons did, by their names.
#[derive(Default, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Record {
    pub(crate) daemons: BTreeMap<String, Column>,
}

/// What a daemon did.
#[derive(Deserialize, Serialize)]
pub(crate) struct Column {
    pub(crate) version: String,
    /// What was seen of it, by the names of the cases.
    pub(crate) outcomes: BTreeMap<String, Seen>,
}

impl Column {
    pub(crate) fn new(version: String) -> Self {
        Self {
            version,
            outcomes: BTreeMap::new(),
        }
    }
}

impl Record {
    fn file() -> PathBuf {
        let from_here = "../../tests/kit/data/daemons.json";
        [env!("CARGO_MANIFEST_DIR"), from_here].iter().collect()
    }

    pub(crate) fn read() -> Self {
        let text = std::fs::read_to_string(Self::file());
        text.map_or_else(
            |_| Self::default(),
            |text| serde_json::from_str(&text).expect("a record"),
        )
    }

    pub(crate) fn write(&self) {
        let text = serde_json::to_string_pretty(self).expect("JSON");
        std::fs::write(Self::file(), text + "\n").expect("the record is written");
    }
}
