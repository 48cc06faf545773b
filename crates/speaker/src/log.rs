//! Lines for the operator, written by a thread of their own: whoever has something to say never
//! waits for whoever reads it.
//!
//! Lines that nobody reads are dropped once [`LINES`] wait, and counted; as soon as lines can be
//! written again, one says how many are missing. Lines about events are limited by kind and source,
//! so that no peer and no stranger can push out what others have to tell; how many were left out is
//! told as well.

mod limit;

use std::fmt::Display;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use routehub::types::Escaped;

use crate::event::ServerEvent;
pub use limit::BURST;
use limit::{LeftOut, Limiter};

/// Lines that wait to be written at most.
pub const LINES: usize = 1024;

/// Octets of a line at most; what is longer is cut, and says so.
const LONGEST: usize = 1 << 13;

/// How often it is told what was left out, while no more of it comes.
const TELL: Duration = Duration::from_secs(5);

/// After how long a write counts as stuck.
const STUCK: Duration = Duration::from_secs(2);

/// How lines are worded.
#[derive(Clone, Copy, Debug)]
pub struct Wording {
    /// What somebody says, as a line, or a few.
    pub said: fn(&str) -> String,
    /// What happened, as a line.
    pub event: fn(&ServerEvent) -> String,
}

impl Default for Wording {
    /// As text for people.
    fn default() -> Self {
        Self {
            said: str::to_owned,
            event: ServerEvent::to_string,
        }
    }
}

/// Where lines are said. Clones say them in the same place.
#[derive(Clone, Debug)]
pub struct Log {
    wording: Wording,
    lines: SyncSender<Entry>,
    shared: Arc<Shared>,
}

/// What became of the lines so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogCounts {
    /// Lines that were written.
    pub written: u64,
    /// Lines that were dropped because nobody took those before them.
    pub dropped: u64,
    /// Lines that were left out because there were too many of their kind and source.
    pub limited: u64,
}

/// What the thread is handed.
#[derive(Debug)]
enum Entry {
    Line(String),
    /// Tells when everything before it is written.
    Mark(SyncSender<()>),
}

#[derive(Debug)]
struct Shared {
    start: Instant,
    written: AtomicU64,
    dropped: AtomicU64,
    limited: AtomicU64,
    /// Milliseconds since the start at which the present write began, and one; zero: there is none.
    writing: AtomicU64,
    limiter: Mutex<Limiter>,
}

impl Shared {
    fn limiter(&self) -> MutexGuard<'_, Limiter> {
        // Every change of it is whole before something could panic.
        self.limiter.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn millis(&self) -> u64 {
        1 + u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX - 1)
    }
}

impl Log {
    /// Starts the thread that writes lines to this.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn start(out: impl Write + Send + 'static) -> io::Result<Self> {
        Self::start_in(out, Wording::default())
    }

    /// The same, with lines that are worded otherwise.
    ///
    /// # Errors
    /// No thread can be started.
    pub fn start_in(out: impl Write + Send + 'static, wording: Wording) -> io::Result<Self> {
        let (lines, inbox) = sync_channel(LINES);
        let shared = Arc::new(Shared {
            start: Instant::now(),
            written: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            limited: AtomicU64::new(0),
            writing: AtomicU64::new(0),
            limiter: Mutex::default(),
        });
        let writer = Writer {
            out,
            said: wording.said,
            shared: Arc::clone(&shared),
            dropped: 0,
        };
        let thread = std::thread::Builder::new().name("log".to_owned());
        thread.spawn(move || writer.run(&inbox))?;
        Ok(Self {
            wording,
            lines,
            shared,
        })
    }

    /// Says a line, or a few; whatever could drive a terminal in it is escaped.
    pub fn say(&self, text: impl Display) {
        let text = shortened(Escaped::lines(text).to_string());
        self.push((self.wording.said)(&text));
    }

    /// Says what happened, unless there was too much of its kind from its source of late.
    pub fn event(&self, event: &ServerEvent) {
        let key = (event.kind.name(), event.source());
        let known = event.neighbor.is_some();
        let taken = self.shared.limiter().take(key, known, Instant::now());
        match taken {
            Ok(left_out) => {
                left_out.iter().for_each(|left_out| self.say(left_out));
                let line = (self.wording.event)(event);
                match line.len() > LONGEST {
                    true => self.say(event),
                    false => self.push(line),
                }
            }
            Err(_) => {
                self.shared.limited.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn push(&self, line: String) {
        if let Err(TrySendError::Full(_)) = self.lines.try_send(Entry::Line(line)) {
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until everything is written that was said before, at most for so long.
    pub fn flush(&self, patience: Duration) {
        let (done, mark) = sync_channel(1);
        if self.lines.try_send(Entry::Mark(done)).is_ok() {
            // Whoever reads has had the time.
            let _ = mark.recv_timeout(patience);
        }
    }

    /// What became of the lines so far.
    pub fn counts(&self) -> LogCounts {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        LogCounts {
            written: count(&self.shared.written),
            dropped: count(&self.shared.dropped),
            limited: count(&self.shared.limited),
        }
    }

    /// For how long nobody has taken the present line; none while lines are taken.
    pub fn stuck_for(&self) -> Option<Duration> {
        let since = self.shared.writing.load(Ordering::Relaxed);
        let millis = (since > 0).then(|| self.shared.millis().saturating_sub(since))?;
        let time = Duration::from_millis(millis);
        (time >= STUCK).then_some(time)
    }
}

/// A text of at most [`LONGEST`] octets, and how many it had.
fn shortened(mut text: String) -> String {
    if text.len() > LONGEST {
        let length = text.len();
        let end = (0..=LONGEST).rev().find(|end| text.is_char_boundary(*end));
        text.truncate(end.unwrap_or_default());
        text.push_str(&format!("... ({length} octets)"));
    }
    text
}

/// The thread's side.
struct Writer<W> {
    out: W,
    said: fn(&str) -> String,
    shared: Arc<Shared>,
    /// Dropped lines that were told of.
    dropped: u64,
}

impl<W: Write> Writer<W> {
    fn run(mut self, inbox: &Receiver<Entry>) {
        let mut since_told = 0;
        loop {
            match inbox.recv_timeout(TELL) {
                Ok(Entry::Line(line)) => self.write(&line),
                Ok(Entry::Mark(done)) => {
                    self.tell_dropped();
                    // Nobody may wait for it any more.
                    let _ = done.try_send(());
                }
                Err(RecvTimeoutError::Timeout) => self.tell_left_out(),
                Err(RecvTimeoutError::Disconnected) => return,
            }
            since_told += 1;
            // After those that waited while lines were dropped.
            if since_told >= LINES {
                since_told = 0;
                self.tell_dropped();
            }
            if self.shared.dropped.load(Ordering::Relaxed) == self.dropped {
                since_told = 0;
            }
        }
    }

    fn write(&mut self, line: &str) {
        let now = self.shared.millis();
        self.shared.writing.store(now, Ordering::Relaxed);
        let written = writeln!(self.out, "{line}").and_then(|()| self.out.flush());
        self.shared.writing.store(0, Ordering::Relaxed);
        // Who reads may have gone, which concerns nobody else.
        let counter = match written {
            Ok(()) => &self.shared.written,
            Err(_) => &self.shared.dropped,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    fn tell_dropped(&mut self) {
        let dropped = self.shared.dropped.load(Ordering::Relaxed);
        let new = dropped - std::mem::replace(&mut self.dropped, dropped);
        if new > 0 {
            let told = format!("{new} lines were dropped: nobody read them");
            self.write(&(self.said)(&told));
        }
    }

    fn tell_left_out(&mut self) {
        self.tell_dropped();
        let left_out = self.shared.limiter().overdue(Instant::now());
        let lines: Vec<String> = left_out.iter().map(LeftOut::to_string).collect();
        let said = self.said;
        lines.iter().for_each(|line| self.write(&said(line)));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::event::EventKind;

    /// A pipe that nobody reads until it is told to go on.
    struct Stuck {
        gate: mpsc::Receiver<()>,
        open: bool,
        seen: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Stuck {
        fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
            if !self.open {
                self.open = self.gate.recv().is_ok();
            }
            self.seen.lock().expect("no panic").extend(octets);
            Ok(octets.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn stuck() -> (Log, mpsc::Sender<()>, Arc<Mutex<Vec<u8>>>) {
        let (open, gate) = mpsc::channel();
        let seen = Arc::<Mutex<Vec<u8>>>::default();
        let out = Stuck {
            gate,
            open: false,
            seen: Arc::clone(&seen),
        };
        (Log::start(out).expect("a thread"), open, seen)
    }

    #[test]
    fn lines_that_nobody_reads_are_dropped_counted_and_told_of() {
        let (log, open, seen) = stuck();
        for n in 0..LINES + 100 {
            log.say(format_args!("line {n}"));
        }
        let dropped = log.counts().dropped;
        // One may be in the writer's hands already.
        assert!((99..=100).contains(&dropped), "{dropped}");
        log.flush(Duration::from_millis(1));
        open.send(()).expect("the thread runs");
        let start = Instant::now();
        let told = format!("{dropped} lines were dropped: nobody read them\n");
        loop {
            log.flush(Duration::from_secs(1));
            let text = String::from_utf8(seen.lock().expect("no panic").clone()).expect("UTF-8");
            if text.contains(&told) {
                assert!(text.starts_with("line 0\nline 1\n"), "{text}");
                break;
            }
            assert!(start.elapsed() < Duration::from_secs(60), "{text}");
        }
    }

    #[test]
    fn events_of_one_kind_and_source_are_limited_and_others_are_not() {
        let (log, open, seen) = stuck();
        open.send(()).expect("the thread runs");
        let event = |text: &str| ServerEvent {
            neighbor: None,
            kind: EventKind::Failed(text.to_owned()),
        };
        for n in 0..1000 {
            log.event(&event(&format!("failure {n}")));
        }
        log.event(&ServerEvent {
            neighbor: None,
            kind: EventKind::Happened("other".to_owned()),
        });
        log.flush(Duration::from_secs(60));
        let text = String::from_utf8(seen.lock().expect("no panic").clone()).expect("UTF-8");
        let failures = text.lines().filter(|line| line.starts_with("failure"));
        assert!(failures.count() <= BURST as usize + 1, "{text}");
        assert!(text.contains("event other happened"), "{text}");
        assert!(log.counts().limited >= 1000 - u64::from(BURST) - 1);
    }

    #[test]
    fn what_is_too_long_is_cut_and_nothing_drives_a_terminal() {
        let (log, open, seen) = stuck();
        open.send(()).expect("the thread runs");
        log.say("\u{9b}31m".to_owned() + &"ä".repeat(LONGEST));
        log.flush(Duration::from_secs(60));
        let text = String::from_utf8(seen.lock().expect("no panic").clone()).expect("UTF-8");
        assert!(text.starts_with("\\u{9b}31m"), "{text}");
        assert!(text.ends_with(" octets)\n") && text.len() < LONGEST + 40);
    }
}
