//! A BIRD that plays an NVA.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::lab::{contents, programs};

/// BIRD, if it is installed.
pub(crate) struct Programs {
    bird: PathBuf,
    birdc: PathBuf,
}

impl Programs {
    pub(crate) fn find() -> Option<Self> {
        let [bird, birdc] = programs("bird2", ["bird", "birdc"])?;
        Some(Self { bird, birdc })
    }

    /// Starts BIRD with this configuration.
    pub(crate) fn start(&self, configuration: &str) -> Bird<'_> {
        let folder = tempfile::tempdir().expect("a folder");
        let file = |name: &str| folder.path().join(name);
        std::fs::write(file("bird.conf"), configuration).expect("a configuration");
        let parsed = Command::new(&self.bird)
            .args(["-p", "-c"])
            .arg(file("bird.conf"))
            .output()
            .expect("bird runs");
        assert!(parsed.status.success(), "{parsed:#?}");
        let log = File::create(file("log")).expect("a log");
        let child = Command::new(&self.bird)
            .arg("-f")
            .args(["-c".into(), file("bird.conf")])
            .args(["-s".into(), file("control")])
            .args(["-P".into(), file("pid")])
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .spawn()
            .expect("bird starts");
        Bird {
            programs: self,
            folder,
            child,
        }
    }
}

/// A BIRD that runs.
pub(crate) struct Bird<'a> {
    programs: &'a Programs,
    folder: TempDir,
    child: Child,
}

impl Bird<'_> {
    fn file(&self, name: &str) -> PathBuf {
        let folder: &Path = self.folder.path();
        folder.join(name)
    }

    /// What `birdc` says to a command; nothing while BIRD does not listen yet.
    pub(crate) fn ask(&self, command: &str) -> String {
        let output = Command::new(&self.programs.birdc)
            .args(["-s".into(), self.file("control")])
            .args(command.split(' '))
            .output()
            .expect("birdc runs");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// Stops it in an orderly way: it says good-bye to its neighbours.
    pub(crate) fn stop(mut self) {
        self.ask("down");
        self.child.wait().expect("an end");
    }
}

impl Drop for Bird<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("bird: {}", contents(&self.file("log")));
        }
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
