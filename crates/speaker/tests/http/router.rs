//! A real router, as little of it as is needed: a session on a task of its own.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use routehub::types::{Asn, Attrs, Instant, Nlri, Prefix, RouterId};
use routehub_session::{ConnectionId, Event, Output, Session, SessionConfig, SweepReason};
use routehub_testkit::wait::until;
use routehub_wire::{Capability, Packer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::mpsc;

/// What a router has seen so far.
#[derive(Clone, Default)]
pub(crate) struct Seen {
    pub(crate) established: usize,
    pub(crate) routes: BTreeMap<Prefix, Attrs>,
    /// Prefixes that were taken back.
    pub(crate) withdrawn: Vec<Prefix>,
    pub(crate) updates: usize,
    /// How often its routes were asked for.
    pub(crate) refreshes: usize,
    /// How often a refresh of the other's routes has begun and ended (RFC 7313).
    pub(crate) marks: (usize, usize),
    /// Codes of NOTIFICATIONs received, and the text of the last.
    pub(crate) notifications: Vec<(u8, u8)>,
    pub(crate) last_data: Vec<u8>,
}

impl fmt::Debug for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = |all: &mut dyn Iterator<Item = &Prefix>| {
            let shown = all.take(10).map(ToString::to_string);
            shown.collect::<Vec<_>>().join(" ")
        };
        f.debug_struct("Seen")
            .field("established", &self.established)
            .field("routes", &self.routes.len())
            .field("first_routes", &first(&mut self.routes.keys()))
            .field("withdrawn", &self.withdrawn.len())
            .field("first_withdrawn", &first(&mut self.withdrawn.iter()))
            .field("updates", &self.updates)
            .field("notifications", &self.notifications)
            .finish()
    }
}

/// What a router is to send.
enum Say {
    Announce(Box<Attrs>, Vec<Nlri>),
    Withdraw(Vec<Nlri>),
    Octets(Vec<u8>),
}

/// A router that connects to one address, again and again.
pub(crate) struct Router {
    seen: Arc<Mutex<Seen>>,
    say: mpsc::UnboundedSender<Say>,
    task: tokio::task::JoinHandle<()>,
    asn: Asn,
}

impl Drop for Router {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Router {
    /// A router at this address, which peers with a Route Server.
    pub(crate) fn start(from: IpAddr, asn: u32, to: SocketAddr) -> Self {
        Self::start_with(from, asn, to, &[])
    }

    /// The same, which offers these capabilities too.
    pub(crate) fn start_with(
        from: IpAddr,
        asn: u32,
        to: SocketAddr,
        offers: &[Capability],
    ) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let (say, inbox) = mpsc::unbounded_channel();
        let asn = Asn(asn);
        let task = run(from, asn, to, offers.to_vec(), Arc::clone(&seen), inbox);
        let task = tokio::spawn(task);
        Self {
            seen,
            say,
            task,
            asn,
        }
    }

    pub(crate) fn seen(&self) -> Seen {
        self.seen.lock().expect("no panic").clone()
    }

    /// Waits until it has seen what is wanted.
    pub(crate) async fn until(&self, what: &str, good: impl Fn(&Seen) -> bool) -> Seen {
        until(what, || std::future::ready(self.seen()), good).await
    }

    pub(crate) fn announce(&self, next_hop: &str, prefixes: &[&str]) {
        let prefixes = prefixes
            .iter()
            .map(|prefix| prefix.parse().expect("a prefix"));
        self.announce_all(next_hop, prefixes.collect());
    }

    pub(crate) fn announce_all(&self, next_hop: &str, prefixes: Vec<Prefix>) {
        let path = routehub::types::AsPath::sequence([self.asn]);
        let attrs = Attrs::new(path, next_hop.parse::<IpAddr>().expect("an address"));
        let nlri = prefixes.into_iter().map(Nlri::from).collect();
        let said = self.say.send(Say::Announce(Box::new(attrs), nlri));
        assert!(said.is_ok(), "the router runs");
    }

    /// Has these octets sent as they are.
    pub(crate) fn send(&self, octets: Vec<u8>) {
        assert!(
            self.say.send(Say::Octets(octets)).is_ok(),
            "the router runs"
        );
    }

    /// Announces prefixes with these attributes.
    pub(crate) fn announce_with(&self, attrs: Attrs, prefixes: &[&str]) {
        let nlri = prefixes.iter().map(|prefix| {
            let prefix: Prefix = prefix.parse().expect("a prefix");
            Nlri::from(prefix)
        });
        let said = self
            .say
            .send(Say::Announce(Box::new(attrs), nlri.collect()));
        assert!(said.is_ok(), "the router runs");
    }

    pub(crate) fn withdraw(&self, prefix: &str) {
        let prefix: Prefix = prefix.parse().expect("a prefix");
        let said = self.say.send(Say::Withdraw(vec![prefix.into()]));
        assert!(said.is_ok(), "the router runs");
    }
}

async fn connect(from: IpAddr, to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::new(from, 0))?;
    socket.connect(to).await
}

async fn run(
    from: IpAddr,
    asn: Asn,
    to: SocketAddr,
    offers: Vec<Capability>,
    seen: Arc<Mutex<Seen>>,
    mut inbox: mpsc::UnboundedReceiver<Say>,
) {
    let IpAddr::V4(address) = from else { return };
    let start = tokio::time::Instant::now();
    let now = || Instant::from_millis(start.elapsed().as_millis() as u64);
    let mut config = SessionConfig::new(asn, Asn(65515), RouterId::from(address));
    config.damp_peer_oscillations = false;
    config.capabilities.0.extend(offers);
    // A transparent route server does not put its ASN first (RFC 7947).
    config.enforce_first_as = false;
    config.timers.connect_retry = routehub_session::Backoff::constant(Duration::from_millis(200));
    let mut session = Session::new(config, 1).expect("a session");
    session.handle_start(now());
    let mut stream: Option<(ConnectionId, TcpStream)> = None;
    let mut octets = vec![0; 1 << 16];
    loop {
        // What comes of an output is carried out before anything is waited for.
        let mut all = VecDeque::from(outputs(&mut session, now(), &seen));
        while let Some(bytes) = all.pop_front() {
            match bytes {
                Do::Connect(id) => match connect(from, to).await {
                    Ok(open) => {
                        stream = Some((id, open));
                        session.handle_connected(now(), id);
                    }
                    Err(_) => session.handle_connect_failed(now(), id),
                },
                Do::Send(bytes) => {
                    if let Some((_, stream)) = &mut stream {
                        // A lost connection shows when it is read.
                        let _ = stream.write_all(&bytes).await;
                    }
                }
                Do::Close => stream = None,
            }
            all.extend(outputs(&mut session, now(), &seen));
        }
        let reading = async {
            match &mut stream {
                Some((id, stream)) => (*id, stream.read(&mut octets).await.unwrap_or(0)),
                None => std::future::pending().await,
            }
        };
        let wake = session
            .poll_timeout()
            .unwrap_or(now() + Duration::from_millis(50));
        let wake = start + Duration::from_millis(wake.as_millis());
        let established = session.negotiated().map(|agreed| agreed.send);
        tokio::select! {
            (id, length) = reading => match length {
                0 => {
                    stream = None;
                    session.handle_closed(now(), id);
                }
                length => session.handle_bytes(now(), id, &octets[..length]),
            },
            Some(say) = inbox.recv(), if established.is_some() => {
                let mut bytes = Vec::new();
                let mut packer = Packer::new(&established.expect("established"));
                match say {
                    Say::Announce(attrs, nlri) => packer.announce(&attrs, &nlri, &mut bytes),
                    Say::Withdraw(nlri) => packer.withdraw(&nlri, &mut bytes),
                    Say::Octets(octets) => {
                        bytes = octets;
                        Ok(0)
                    }
                }
                .expect("encoded");
                session.send_encoded(now(), bytes).expect("established");
            }
            () = tokio::time::sleep_until(wake) => {}
        }
    }
}

enum Do {
    Connect(ConnectionId),
    Send(Bytes),
    Close,
}

fn outputs(session: &mut Session, now: Instant, seen: &Mutex<Seen>) -> Vec<Do> {
    let mut all = Vec::new();
    let mut seen = seen.lock().expect("no panic");
    while let Some(output) = session.poll(now) {
        match output {
            Output::Connect(id) => all.push(Do::Connect(id)),
            Output::Send(_, bytes) => all.push(Do::Send(bytes)),
            Output::Close(_) => all.push(Do::Close),
            Output::Event(Event::Established(_)) => seen.established += 1,
            Output::Update(view) => {
                seen.updates += 1;
                for update in view.to_updates().expect("no reset") {
                    for nlri in update.withdrawn {
                        seen.routes.remove(&nlri.prefix);
                        seen.withdrawn.push(nlri.prefix);
                    }
                    for nlri in update.announced {
                        seen.routes.insert(nlri.prefix, update.attrs.clone());
                    }
                }
            }
            Output::Event(Event::Down(_)) => seen.routes.clear(),
            Output::Event(Event::RefreshRequested(_)) => seen.refreshes += 1,
            Output::Event(Event::MarkStale(_)) => seen.marks.0 += 1,
            Output::Event(Event::SweepStale(_, SweepReason::EndOfRefresh)) => seen.marks.1 += 1,
            Output::Event(_) => {}
        }
    }
    if let Some(error) = session.last_received_error() {
        let codes = (error.notification.code, error.notification.subcode);
        let at = error.at.as_millis();
        if seen.last_data.is_empty() || seen.last_data[..8] != at.to_be_bytes() {
            seen.notifications.push(codes);
            seen.last_data = at.to_be_bytes().to_vec();
            seen.last_data.extend_from_slice(&error.notification.data);
        }
    }
    all
}
