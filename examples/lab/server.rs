//! The Route Server, inside the fabric, on a thread of its own.

use std::sync::mpsc::channel;
use std::thread::JoinHandle;
use std::time::Instant;

use anyhow::{Result, anyhow};
use routehub_scenario::Scenario;
use routehub_speaker::sink::kernel::Namespace as Place;
use routehub_speaker::sink::{KernelSink, KernelTarget, Sinks};
use routehub_speaker::{Server, ServerEvent};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;

use crate::network::{FILE, Network};
use crate::timeline::{Happening, What};

/// The main routing table.
const MAIN: u32 = 254;

/// A server that runs; it stops with this.
pub(crate) struct Running {
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Running {
    /// Starts it: the spoke's routes go to the kernel of the VM.
    pub(crate) fn start(network: &Network, tell: UnboundedSender<Happening>) -> Result<Self> {
        let scenario = Scenario::parse(FILE).map_err(|mut wrong| wrong.remove(0))?;
        let sink = KernelSink::open(&[KernelTarget {
            vnet: "spoke".to_owned(),
            namespace: Some(Place::File(network.vm.path())),
            table: MAIN,
        }])?;
        let sinks = Sinks {
            sinks: vec![Box::new(sink)],
            ..Sinks::default()
        };
        let door = network.fabric.door()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let (ready, started) = channel();
        let thread = std::thread::spawn(move || {
            let serve = || -> Result<()> {
                door.enter()?;
                let runtime = tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()?;
                runtime.block_on(async {
                    let Scenario {
                        profile,
                        estate,
                        live,
                        ..
                    } = scenario;
                    let server = Server::start_with(&profile, estate, &live, sinks).await?;
                    tokio::spawn(follow(server.watch(), tell));
                    // Who started it may have gone, which stops it.
                    let _ = ready.send(Ok(()));
                    let _ = stopped.await;
                    server.stop("the lab is over").await;
                    Ok(())
                })
            };
            if let Err(error) = serve() {
                let _ = ready.send(Err(error));
            }
        });
        let started = started.recv();
        started.map_err(|_| anyhow!("the Route Server panicked"))??;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.take();
        if let Some(thread) = self.thread.take() {
            // A panic has been printed.
            let _ = thread.join();
        }
    }
}

/// Tells what the server tells.
async fn follow(mut events: Receiver<ServerEvent>, tell: UnboundedSender<Happening>) {
    loop {
        let what = match events.recv().await {
            Ok(event) => What::Server(event.to_string()),
            Err(RecvError::Lagged(_)) => continue,
            Err(RecvError::Closed) => return,
        };
        let at = Instant::now();
        if tell.send(Happening { at, what }).is_err() {
            return;
        }
    }
}
