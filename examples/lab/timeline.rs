//! What happened, and when.

use std::fmt;
use std::time::Instant;

use routehub::types::Escaped;
use routehub_testkit::kernel::RouteChange;

/// Something that happened.
pub(crate) struct Happening {
    pub(crate) at: Instant,
    pub(crate) what: What,
}

impl Happening {
    /// What happens now.
    pub(crate) fn now(what: What) -> Self {
        let at = Instant::now();
        Self { at, what }
    }
}

/// What happened.
pub(crate) enum What {
    /// The Route Server said something.
    Server(String),
    /// The kernel of the VM has another route.
    Route(RouteChange),
    /// Something that the lab needs has failed.
    Failed(String),
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Server(line) => f.write_str(line),
            Self::Failed(why) => f.write_str(why),
            Self::Route(RouteChange {
                prefix, next_hops, ..
            }) => {
                if next_hops.is_empty() {
                    return write!(f, "kernel of the VM: no route to {prefix}");
                }
                let hops: Vec<String> = next_hops.iter().map(ToString::to_string).collect();
                write!(f, "kernel of the VM: {prefix} via {}", hops.join(" and "))
            }
        }
    }
}

/// Prints lines with their time since the start.
pub(crate) struct Timeline {
    start: Instant,
    /// What further lines are measured from.
    mark: Option<Instant>,
}

impl Timeline {
    pub(crate) fn start() -> Self {
        println!("   seconds\n");
        Self {
            start: Instant::now(),
            mark: None,
        }
    }

    /// Prints what happens now.
    pub(crate) fn say(&self, line: &str) {
        self.print(Instant::now(), &line);
    }

    /// Prints what happened.
    pub(crate) fn tell(&self, happening: &Happening) {
        self.print(happening.at, &happening.what);
    }

    /// Prints what happened, and measures what follows from there too.
    pub(crate) fn mark(&mut self, at: Instant, line: &str) {
        self.print(at, &line);
        self.mark = Some(at);
    }

    /// Measures from the start alone again.
    pub(crate) fn unmark(&mut self) {
        self.mark = None;
    }

    fn print(&self, at: Instant, line: &dyn fmt::Display) {
        let line = Escaped::line(line);
        let since = at.duration_since(self.start).as_secs_f64();
        match self.mark {
            Some(mark) => {
                let later = at.duration_since(mark).as_secs_f64() * 1000.0;
                println!("{since:10.4}  +{later:.2} ms  {line}");
            }
            None => println!("{since:10.4}  {line}"),
        }
    }
}
