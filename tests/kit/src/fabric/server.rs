//! A server with the kernel sink, inside the fabric of a lab.

use std::fs::File;
use std::sync::Arc;
use std::sync::mpsc::channel;

use nix::sched::{CloneFlags, setns};
use routehub_scenario::Scenario;
use routehub_speaker::Server;
use routehub_speaker::sink::kernel::Namespace as Place;
use routehub_speaker::sink::{KernelSink, KernelTarget, Sinks};

use crate::netns::PATIENCE;
use crate::topology::Lab;

/// A server with the kernel sink inside the fabric.
pub(crate) struct Running {
    server: Arc<Server>,
    /// Dropped, it has the server stop.
    stop: tokio::sync::oneshot::Sender<()>,
    thread: std::thread::JoinHandle<()>,
}

impl Running {
    pub(crate) fn start(lab: &Lab, file: &str) -> Self {
        let scenario = Scenario::parse(file).unwrap_or_else(|wrong| panic!("{wrong:#?}"));
        let sink = KernelSink::open(&[KernelTarget {
            vnet: "spoke".to_owned(),
            namespace: Some(Place::File(lab.vm.path())),
            table: 254,
        }]);
        let sinks = Sinks {
            sinks: vec![Box::new(sink.expect("a sink"))],
            patience: PATIENCE,
        };
        let place = File::open(lab.fabric.path()).expect("the namespace");
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let (ready, serving) = channel();
        let thread = std::thread::spawn(move || {
            setns(place, CloneFlags::CLONE_NEWNET).expect("the namespace");
            let runtime = runtime();
            runtime.block_on(async {
                let Scenario {
                    profile,
                    estate,
                    live,
                    ..
                } = scenario;
                let server = Server::start_with(&profile, estate, &live, sinks).await;
                let server = Arc::new(server.expect("a server"));
                ready.send(Arc::clone(&server)).expect("who waits");
                // Either way.
                let _ = stopped.await;
                let server = Arc::into_inner(server).expect("nobody else has it");
                server.stop("the test is over").await;
            });
        });
        Self {
            server: serving.recv_timeout(PATIENCE).expect("a server"),
            stop,
            thread,
        }
    }

    /// How many rows the Route Server has of an NVA.
    pub(crate) fn learned(&self, nva: String) -> usize {
        let ask = move |engine: &routehub::Engine| engine.exchange().rs_learned("rs", &nva).len();
        runtime().block_on(self.server.ask(ask)).expect("an answer")
    }

    pub(crate) fn stop(self) {
        drop(self.server);
        drop(self.stop);
        self.thread.join().expect("an end");
    }
}

pub(crate) fn runtime() -> tokio::runtime::Runtime {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    runtime.expect("a runtime")
}
