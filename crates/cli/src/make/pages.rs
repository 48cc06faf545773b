//! Pages about this program: for `man`, and for shells that complete its words.

use std::fs;
use std::path::{Path, PathBuf};

use clap::Args;
use clap_complete::Shell;
use clap_mangen::Man as Page;

use crate::failure::Failure;
use crate::output::Output;

/// Print what a shell needs to complete commands and options.
#[derive(Clone, Copy, Debug, Args)]
pub struct Completions {
    /// The shell.
    shell: Shell,
}

impl Completions {
    /// Prints them.
    ///
    /// # Errors
    /// None: an error of writing is told where the output is closed.
    pub fn make(&self, mut program: clap::Command, output: &mut Output) -> Result<bool, Failure> {
        clap_complete::generate(self.shell, &mut program, "routehub", output);
        Ok(true)
    }
}

/// Write the manual pages into a folder: one of the program, and one of each command.
#[derive(Clone, Debug, Args)]
pub struct Man {
    /// The folder, which exists.
    folder: PathBuf,
}

impl Man {
    /// Writes them.
    ///
    /// # Errors
    /// [`Failure`] if one cannot be written.
    pub fn make(&self, program: clap::Command, _: &mut Output) -> Result<bool, Failure> {
        let about = |error| Failure::bad_input(format!("{}: {error}", self.folder.display()));
        for command in program
            .get_subcommands()
            .filter(|command| !command.is_hide_set())
        {
            let name = format!("routehub-{}", command.get_name());
            let named = command.clone().bin_name(name.replacen('-', " ", 1));
            write(&self.folder, &name, named.display_name(&name)).map_err(about)?;
        }
        write(&self.folder, "routehub", program).map_err(about)?;
        Ok(true)
    }
}

/// Writes the page of a command.
fn write(folder: &Path, name: &str, command: clap::Command) -> std::io::Result<()> {
    let mut page = Vec::new();
    Page::new(command)
        .title(name)
        .section("1")
        .render(&mut page)?;
    fs::write(folder.join(format!("{name}.1")), page)
}
