//! The Route Server, inside the fabric, on a thread of its own.

use std::sync::mpsc::channel;
use std::sync::{Arc, Weak};
use std::thread::JoinHandle;

use anyhow::{Context as _, Result, anyhow};
use routehub::Engine;
use routehub_scenario::Scenario;
use routehub_speaker::sink::kernel::Namespace as Place;
use routehub_speaker::sink::{KernelSink, KernelTarget, Sinks};
use routehub_speaker::{BfdStatus, Server, ServerEvent};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::oneshot;

use super::Fabric;

/// The main routing table.
const MAIN: u32 = 254;

/// A server with the kernel sink, which programs the spoke's routes into the kernel of the VM. It
/// stops with this.
pub struct FabricServer {
    server: Weak<Server>,
    /// Dropped, it has the server stop.
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl FabricServer {
    /// Serves a network file, and tells what the server tells.
    ///
    /// # Errors
    /// The file is wrong, or the server cannot be started.
    pub fn start(
        fabric: &Fabric,
        file: &str,
        tell: impl FnMut(&ServerEvent) + Send + 'static,
    ) -> Result<Self> {
        let scenario = Scenario::parse(file)?;
        let sink = KernelSink::open(&[KernelTarget {
            vnet: "spoke".to_owned(),
            namespace: Some(Place::File(fabric.vm.path())),
            table: MAIN,
        }])?;
        let sinks = Sinks {
            sinks: vec![Box::new(sink)],
            ..Sinks::default()
        };
        let door = fabric.hub.door()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let (ready, started) = channel();
        let thread = std::thread::spawn(move || {
            let serve = || -> Result<()> {
                door.enter()?;
                runtime()?.block_on(async {
                    let Scenario {
                        profile,
                        estate,
                        live,
                        ..
                    } = scenario;
                    let server = Server::start_with(&profile, estate, &live, sinks).await?;
                    let server = Arc::new(server);
                    tokio::spawn(follow(server.watch(), tell));
                    // Who started it may have gone, which stops it.
                    let _ = ready.send(Ok(Arc::downgrade(&server)));
                    let _ = stopped.await;
                    let server = Arc::into_inner(server).context("the server is asked")?;
                    server.stop("the lab is over").await;
                    Ok(())
                })
            };
            if let Err(error) = serve() {
                let _ = ready.send(Err(error));
            }
        });
        let started = started.recv();
        let server = started.map_err(|_| anyhow!("the Route Server panicked"))??;
        Ok(Self {
            server,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// What its engine answers to a question.
    ///
    /// # Errors
    /// It runs no more.
    pub fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Engine) -> T + Send + 'static,
    ) -> Result<T> {
        let server = self.server.upgrade().context("the server has stopped")?;
        Ok(runtime()?.block_on(server.ask(question))?)
    }

    /// How its BFD is.
    ///
    /// # Errors
    /// It runs no more.
    pub fn bfd(&self) -> Result<BfdStatus> {
        let server = self.server.upgrade().context("the server has stopped")?;
        Ok(runtime()?.block_on(server.bfd()))
    }

    /// Stops it.
    ///
    /// # Panics
    /// If it panicked.
    pub fn stop(mut self) {
        self.end().expect("an end");
    }

    fn end(&mut self) -> std::thread::Result<()> {
        self.stop.take();
        self.thread.take().map_or(Ok(()), JoinHandle::join)
    }
}

impl Drop for FabricServer {
    fn drop(&mut self) {
        // A panic has been printed.
        let _ = self.end();
    }
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Tells what the server tells.
async fn follow(mut events: Receiver<ServerEvent>, mut tell: impl FnMut(&ServerEvent)) {
    loop {
        match events.recv().await {
            Ok(event) => tell(&event),
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}
