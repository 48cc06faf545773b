//! One session alone, with a peer played by the test.

use routehub_session::{ConnectionId, Session, SessionConfig, State};
use routehub_types::Instant;

use super::messages::{bytes_of, keepalive, peer_open};
use super::{Seen, drain};

/// A session that listens, with a connection and whatever OPEN and more the peer sends.
pub fn given(mut config: SessionConfig, bytes: &[u8]) -> (Session, ConnectionId, Vec<Seen>) {
    config.passive = true;
    let mut session = Session::new(config, 1).expect("a good configuration");
    session.handle_start(Instant::ZERO);
    let id = session.handle_accepted(Instant::ZERO).expect("accepted");
    drain(&mut session, Instant::ZERO);
    session.handle_bytes(Instant::ZERO, id, bytes);
    let seen = drain(&mut session, Instant::ZERO);
    (session, id, seen)
}

/// A session that is established.
pub fn established(config: SessionConfig) -> (Session, ConnectionId) {
    let bytes = [bytes_of(&peer_open()), keepalive()].concat();
    let (session, id, _) = given(config, &bytes);
    assert_eq!(session.state(), State::Established);
    (session, id)
}
