//! The listeners of a server.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::context::ServerContext;
use super::start_error::StartError;
use crate::session::listener::{ExpectedPeers, Listener};

/// A listener whose task runs, until this is dropped.
pub(super) struct RunningListener {
    listener: Arc<Listener>,
    task: JoinSet<()>,
}

impl RunningListener {
    pub(super) fn start(listener: Listener) -> Self {
        let listener = Arc::new(listener);
        let mut task = JoinSet::new();
        task.spawn(Arc::clone(&listener).run());
        Self { listener, task }
    }

    pub(super) fn listener(&self) -> &Listener {
        &self.listener
    }

    /// Closes it; the address is free afterwards.
    pub(super) async fn close(mut self) {
        self.task.shutdown().await;
    }
}

/// Listens on all these addresses, or on none.
pub(super) fn bind(
    context: &ServerContext,
    expected: impl IntoIterator<Item = (SocketAddr, ExpectedPeers)>,
) -> Result<BTreeMap<SocketAddr, Listener>, StartError> {
    let bind = |(address, expected): (SocketAddr, ExpectedPeers)| {
        let link = expected.values().next().map(|peer| &peer.neighbor.link);
        let who = link.map(|link| match link.instance {
            Some(instance) => format!("{} {instance}", link.local),
            None => link.local.clone(),
        });
        let (events, refused) = (context.events.clone(), Arc::clone(&context.refused));
        let listener = Listener::bind(address, expected, events, refused);
        match listener {
            Ok(listener) => Ok((address, listener)),
            Err(error) => Err(StartError::Listen {
                address,
                who: who.unwrap_or_default(),
                error,
            }),
        }
    };
    expected.into_iter().map(bind).collect()
}
