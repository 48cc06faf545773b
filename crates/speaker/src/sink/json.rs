//! A sink that writes a stream of JSON objects, one a line.
//!
//! ```text
//! {"op":"replace","vnet":"spoke","prefix":"192.168.0.0/16","next_hops":["10.0.4.4","10.0.4.5"]}
//! {"op":"withdraw","vnet":"spoke","prefix":"172.16.0.0/12"}
//! {"op":"commit","batch":1,"changes":2}
//! {"op":"complete"}
//! ```
//!
//! * `replace`: from now on this is the network's route to the prefix, whatever was before. Next
//!   hops are sorted; none means that packets are dropped.
//! * `withdraw`: the network has no route to the prefix any more.
//! * `commit`: the lines since the last one belong together; batches count from 1. Within a batch
//!   networks come in the order of the network file, prefixes in theirs, each once.
//! * `complete`: what was written so far is all there is; written once.
//!
//! Keys come in this order, and there is no time in a line: the same changes give the same octets.
//! Characters that could drive a terminal are escaped.
//!
//! A batch that cannot be written, as on a disk that is full, is handed over again later. In a
//! [`LinesFile`] nothing of it is left until then.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Seek as _, SeekFrom, Write};
use std::net::IpAddr;
use std::path::Path;

use routehub::types::Prefix;
use serde::Serialize;

use super::{NotTaken, Sink, SinkError};

/// Writes each change as a line of JSON.
#[derive(Debug)]
pub struct JsonSink<W> {
    name: &'static str,
    out: W,
    batch: u64,
    changes: Vec<(String, Prefix)>,
    lines: String,
}

/// A file of lines in which a part of a write that failed is not left.
#[derive(Debug)]
pub struct LinesFile {
    file: File,
    /// Octets that were written whole.
    length: u64,
}

impl LinesFile {
    /// An empty file at this place.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn create(path: &Path) -> io::Result<Self> {
        let file = File::create(path)?;
        Ok(Self { file, length: 0 })
    }
}

impl Write for LinesFile {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.write_all(octets)?;
        Ok(octets.len())
    }

    fn write_all(&mut self, octets: &[u8]) -> io::Result<()> {
        let written = self.file.write_all(octets);
        match written {
            Ok(()) => self.length += octets.len() as u64,
            // What is no file on a disk, such as a pipe, has no end to go back to.
            Err(_) => {
                let _ = self.file.set_len(self.length);
                let _ = self.file.seek(SeekFrom::Start(self.length));
            }
        }
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A line.
#[derive(Serialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum Line<'a> {
    Replace {
        vnet: &'a str,
        prefix: Prefix,
        next_hops: &'a [IpAddr],
    },
    Withdraw {
        vnet: &'a str,
        prefix: Prefix,
    },
    Commit {
        batch: u64,
        changes: u64,
    },
    Complete,
}

impl<W: Write> JsonSink<W> {
    /// Writes to this.
    pub fn new(out: W) -> Self {
        Self::named("json", out)
    }

    /// The same under another name.
    pub(crate) fn named(name: &'static str, out: W) -> Self {
        Self {
            name,
            out,
            batch: 0,
            changes: Vec::new(),
            lines: String::new(),
        }
    }

    fn line(&mut self, line: &Line<'_>) {
        // Neither texts, numbers nor lists of them can fail.
        let text = routehub_scenario::json::to_string(line).unwrap_or_default();
        // Nor can writing to a text.
        let _ = writeln!(self.lines, "{text}");
    }

    /// Writes the lines, or nothing; they are not kept.
    fn flush(&mut self) -> io::Result<()> {
        let lines = std::mem::take(&mut self.lines);
        self.out.write_all(lines.as_bytes())?;
        self.out.flush()
    }
}

/// Changes that were not written: all of them, to be handed over again; those to somebody who has
/// gone never.
fn not_written(error: io::Error, changes: Vec<(String, Prefix)>) -> SinkError {
    if error.kind() == io::ErrorKind::BrokenPipe {
        return SinkError::Gone(error);
    }
    let why = error.to_string();
    let not_taken = changes.into_iter().map(|(vnet, prefix)| NotTaken {
        vnet,
        prefix,
        why: why.clone(),
    });
    SinkError::NotTaken(not_taken.collect())
}

impl<W: Write + Send> Sink for JsonSink<W> {
    fn name(&self) -> &'static str {
        self.name
    }

    fn begin(&mut self) {
        self.changes.clear();
    }

    fn replace(&mut self, vnet: &str, prefix: Prefix, next_hops: &[IpAddr]) {
        self.changes.push((vnet.to_owned(), prefix));
        self.line(&Line::Replace {
            vnet,
            prefix,
            next_hops,
        });
    }

    fn withdraw(&mut self, vnet: &str, prefix: Prefix) {
        self.changes.push((vnet.to_owned(), prefix));
        self.line(&Line::Withdraw { vnet, prefix });
    }

    fn commit(&mut self) -> Result<(), SinkError> {
        let batch = self.batch + 1;
        let changes = self.changes.len() as u64;
        self.line(&Line::Commit { batch, changes });
        match self.flush() {
            Ok(()) => self.batch = batch,
            Err(error) => return Err(not_written(error, std::mem::take(&mut self.changes))),
        }
        Ok(())
    }

    fn complete(&mut self) -> Result<(), SinkError> {
        self.line(&Line::Complete);
        self.flush().map_err(|error| not_written(error, Vec::new()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A disk with so much room.
    #[derive(Default)]
    struct Disk {
        room: usize,
        octets: Vec<u8>,
    }

    impl Write for Disk {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            if octets.len() > self.room {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.room -= octets.len();
            self.octets.extend(octets);
            Ok(octets.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_batch_that_finds_no_room_is_not_taken_and_counts_when_it_is_written() {
        let mut sink = JsonSink::new(Disk::default());
        let prefix = "10.0.0.0/8".parse().expect("a prefix");
        let tell = |sink: &mut JsonSink<Disk>| {
            sink.begin();
            sink.replace("hub", prefix, &[]);
            sink.commit()
        };
        let Err(SinkError::NotTaken(not_taken)) = tell(&mut sink) else {
            panic!("there is no room");
        };
        assert_eq!((not_taken.len(), &*not_taken[0].vnet), (1, "hub"));
        assert!(sink.complete().is_err());
        sink.out.room = 1000;
        tell(&mut sink).expect("room");
        let text = String::from_utf8_lossy(&sink.out.octets).into_owned();
        assert!(text.ends_with("{\"op\":\"commit\",\"batch\":1,\"changes\":1}\n"));
        assert_eq!(text.lines().count(), 2);
    }
}
