//! TCP streams from the VM to on-premises and back.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use super::{Fabric, ON_PREM};
use crate::wait::PATIENCE;

/// The port that on-premises answers at.
const PORT: u16 = 7000;

/// The pause of a stream between an answer and the next question.
const BEAT: Duration = Duration::from_millis(2);

/// What is known of the streams.
#[derive(Default)]
struct State {
    broken: usize,
    /// How many questions of each were answered.
    answers: Vec<u64>,
    longest: Duration,
    /// When each asked what is not answered yet.
    asked: Vec<Option<Instant>>,
    stop: bool,
}

/// What became of streams.
#[derive(Clone, Debug)]
pub struct StreamSummary {
    /// How many go on.
    pub whole: usize,
    /// How many questions of each stream were answered.
    pub answers: Vec<u64>,
    /// The longest time for which an answer had to be waited, where one still is waited for too.
    pub longest: Duration,
}

/// Streams at work; they end with this.
pub struct Streams {
    state: Arc<Mutex<State>>,
    threads: Vec<JoinHandle<()>>,
    streams: Vec<TcpStream>,
    count: usize,
}

impl Streams {
    /// Opens streams from the VM: each sends a number, waits for the same number, and so on.
    ///
    /// # Errors
    /// There is no way to on-premises.
    pub fn open(fabric: &Fabric, count: usize) -> Result<Self> {
        let listener = fabric
            .on_prem
            .run(|| Ok(TcpListener::bind((ON_PREM, PORT))?))?;
        let address = listener.local_addr()?;
        std::thread::spawn(move || answer(&listener, count));
        let state = Arc::new(Mutex::new(State {
            asked: vec![None; count],
            answers: vec![0; count],
            ..State::default()
        }));
        let mut streams = Self {
            state: Arc::clone(&state),
            threads: Vec::new(),
            streams: Vec::new(),
            count,
        };
        for place in 0..count {
            let open = || Ok(TcpStream::connect_timeout(&address, PATIENCE)?);
            let stream = fabric.vm.run(open).context("the VM cannot connect")?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(PATIENCE))?;
            streams.streams.push(stream.try_clone()?);
            let state = Arc::clone(&state);
            streams
                .threads
                .push(std::thread::spawn(move || ask(stream, place, &state)));
        }
        Ok(streams)
    }

    /// How they are.
    pub fn summary(&self) -> StreamSummary {
        let state = lock(&self.state);
        let waits = state.asked.iter().flatten().map(Instant::elapsed);
        let longest = waits.chain([state.longest]).max();
        StreamSummary {
            whole: self.count - state.broken,
            answers: state.answers.clone(),
            longest: longest.unwrap_or_default(),
        }
    }

    /// Ends them: what became of them.
    pub fn end(mut self) -> StreamSummary {
        self.join();
        self.summary()
    }

    fn join(&mut self) {
        lock(&self.state).stop = true;
        for thread in self.threads.drain(..) {
            // A panic has been printed.
            let _ = thread.join();
        }
    }
}

impl Drop for Streams {
    fn drop(&mut self) {
        // Nobody waits for an answer any more.
        for stream in &self.streams {
            // It may be broken already.
            let _ = stream.shutdown(Shutdown::Both);
        }
        self.join();
    }
}

fn lock(state: &Mutex<State>) -> std::sync::MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers every stream with what it sends.
fn answer(listener: &TcpListener, count: usize) {
    for (mut stream, _) in (0..count).filter_map(|_| listener.accept().ok()) {
        std::thread::spawn(move || {
            let mut octets = [0; 8];
            while stream.read_exact(&mut octets).is_ok() && stream.write_all(&octets).is_ok() {}
        });
    }
}

fn ask(mut stream: TcpStream, place: usize, state: &Mutex<State>) {
    for number in 0_u64.. {
        let asked = Instant::now();
        {
            let mut state = lock(state);
            if state.stop {
                break;
            }
            state.asked[place] = Some(asked);
        }
        let mut octets = [0; 8];
        let answered = stream
            .write_all(&number.to_be_bytes())
            .and_then(|()| stream.read_exact(&mut octets));
        let mut state = lock(state);
        state.asked[place] = None;
        state.longest = state.longest.max(asked.elapsed());
        if answered.is_err() || u64::from_be_bytes(octets) != number {
            state.broken += 1;
            break;
        }
        state.answers[place] = number + 1;
        drop(state);
        std::thread::sleep(BEAT);
    }
    // It may be broken already.
    let _ = stream.shutdown(Shutdown::Both);
}
