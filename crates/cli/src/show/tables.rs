//! Tables for programs.

use std::io::{self, Write as _};

use routehub_scenario::az::AzTables;
use routehub_scenario::{Scenario, SeenTables, Tables};
use serde::Serialize;
use serde::ser::{SerializeSeq as _, Serializer as _};

use super::Show;
use crate::failure::Failure;
use crate::output::Output;

/// Everything that is seen at one time.
#[derive(Serialize)]
struct SeenAt<'a, T> {
    at: &'a str,
    tables: T,
}

/// Prints a list of what is seen at each time, row by row as it is asked for.
pub(super) fn json(show: &Show, scenario: &Scenario, output: &mut Output) -> Result<(), Failure> {
    let mut ran = Ok(());
    let mut write = || {
        let mut pretty = routehub_scenario::json::pretty_serializer(&mut *output);
        let mut list = pretty.serialize_seq(None)?;
        let mut written = Ok(());
        ran = scenario.run(|at, network| {
            if !show.at.is_asked(at) || written.is_err() {
                return;
            }
            let selection = &show.selection;
            let (estate, seen) = (network.estate(), selection.narrowed(network));
            written = if show.az {
                let tables = Tables::some(estate, &seen, selection.tables(estate));
                let tables = AzTables::of(&tables);
                list.serialize_element(&SeenAt { at, tables })
            } else if selection.is_empty() || selection.has_findings() {
                let tables = SeenTables::some(&seen, selection.tables(estate));
                list.serialize_element(&SeenAt { at, tables })
            } else {
                let tables = SeenTables::some(&seen, selection.tables(estate));
                let tables = tables.without_findings();
                list.serialize_element(&SeenAt { at, tables })
            };
        });
        written?;
        list.end()
    };
    // An error of writing is told where the output is closed.
    let _ = write().map_err(io::Error::from);
    let _ = writeln!(output);
    // What came before an event that does not settle is shown.
    ran?;
    Ok(())
}
