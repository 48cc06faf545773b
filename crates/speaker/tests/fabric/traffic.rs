//! TCP streams from the VM to on-premises and back, which have to survive.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::netns::{Namespace, PATIENCE};
use crate::topology::ON_PREM;

/// The pause of a stream between an answer and the next question.
const BEAT: Duration = Duration::from_millis(2);

/// What became of a stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stream {
    /// Questions that were answered.
    pub(crate) answers: u64,
    /// The longest time for which an answer had to be waited.
    pub(crate) longest: Duration,
}

/// Streams at work.
pub(crate) struct Streams {
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Stream>>,
}

impl Streams {
    /// Opens streams to on-premises: each sends a number, waits for the same number, and so on.
    pub(crate) fn start(vm: &Namespace, on_prem: &Namespace, count: usize) -> Self {
        let listener = on_prem.run(|| TcpListener::bind((ON_PREM, 7000)).expect("a listener"));
        let address = listener.local_addr().expect("its address");
        let stop = Arc::new(AtomicBool::new(false));
        std::thread::spawn(move || serve(&listener, count));
        let open = || vm.run(|| TcpStream::connect_timeout(&address, PATIENCE));
        let threads = (0..count).map(|_| {
            let stream = open().expect("a connection");
            let stop = Arc::clone(&stop);
            std::thread::spawn(move || ask(stream, &stop, address))
        });
        Self {
            threads: threads.collect(),
            stop,
        }
    }

    /// Ends the streams: what became of each.
    ///
    /// # Panics
    /// If one did not survive.
    pub(crate) fn end(self) -> Vec<Stream> {
        self.stop.store(true, Ordering::Relaxed);
        let ends = self.threads.into_iter().map(JoinHandle::join);
        ends.map(|end| end.expect("a stream that survives"))
            .collect()
    }
}

/// Answers every stream with what it sends.
fn serve(listener: &TcpListener, count: usize) {
    for _ in 0..count {
        let (mut stream, _) = listener.accept().expect("a connection");
        std::thread::spawn(move || {
            let mut octets = [0; 8];
            while stream.read_exact(&mut octets).is_ok() && stream.write_all(&octets).is_ok() {}
        });
    }
}

fn ask(mut stream: TcpStream, stop: &AtomicBool, to: SocketAddr) -> Stream {
    stream.set_nodelay(true).expect("an option");
    stream.set_read_timeout(Some(PATIENCE)).expect("an option");
    let mut seen = Stream {
        answers: 0,
        longest: Duration::ZERO,
    };
    while !stop.load(Ordering::Relaxed) {
        let asked = Instant::now();
        stream
            .write_all(&seen.answers.to_be_bytes())
            .expect("a stream");
        let mut octets = [0; 8];
        match stream.read_exact(&mut octets) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("{to} is silent"),
            Err(error) => panic!("{to}: {error}"),
        }
        assert_eq!(u64::from_be_bytes(octets), seen.answers);
        seen.answers += 1;
        seen.longest = seen.longest.max(asked.elapsed());
        std::thread::sleep(BEAT);
    }
    seen
}
