//! Builds a lab in network namespaces, lets an NVA fail, and prints what happens when.
//!
//! ```text
//! cargo run --release --example lab
//! ```
//!
//! Two BIRDs play NVAs in a hub, a third one an on-premises router behind both, and a namespace
//! stands for a VM in a spoke. routehub is the Route Server, and programs the VM's routes into the
//! kernel. TCP streams from the VM to on-premises use both NVAs, until one is killed.
//!
//! Needs BIRD 2 and iproute2, and root or a kernel that gives everybody user namespaces. Nothing is
//! left of the lab, however it ends: its namespaces have no names, and its processes end with it.

mod folder;
mod privileges;
mod timeline;

use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::Parser;
use routehub::types::Escaped;
use routehub_testkit::fabric::{Fabric, FabricServer, NETWORK, ON_PREM, StreamSummary, Streams};
use routehub_testkit::kernel::watch_routes;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use folder::Folder;
use timeline::{Happening, Timeline, What};

/// The longest time that anything here may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The pause between two looks at counters.
const LOOK: Duration = Duration::from_millis(20);

/// Packets that an NVA has to send on before traffic counts as flowing over it.
const ENOUGH: u64 = 1000;

/// Build a lab in network namespaces, let an NVA fail, and print what happens when.
///
/// Exit status 0: all streams survived; 1: one did not; 2: the lab cannot be built.
#[derive(Parser)]
#[command(name = "lab")]
struct Arguments {
    /// TCP streams from the VM to on-premises.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u16).range(2..=512))]
    streams: u16,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            let error = format!("{error:#}");
            eprintln!("lab: {}", Escaped::lines(error));
            ExitCode::from(2)
        }
    }
}

fn run(arguments: &Arguments) -> Result<bool> {
    privileges::take()?;
    // One thread, which lasts as long as the lab: its processes end with the thread that starts
    // them.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let mut interrupt = signal(SignalKind::interrupt())?;
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            survived = story(arguments.streams.into()) => survived,
            _ = interrupt.recv() => bail!("interrupted"),
            _ = terminate.recv() => bail!("terminated"),
        }
    })
}

/// What happens in the lab. Says whether every stream survived.
async fn story(count: usize) -> Result<bool> {
    let (sender, happenings) = unbounded_channel();
    let mut lab = Lab {
        timeline: Timeline::start(),
        happenings,
    };
    let folder = Folder::create()?;
    let fabric = Fabric::build(folder.path())?;
    lab.timeline
        .say("five network namespaces: fabric, VM, two NVAs, on-premises");
    watch_kernel(&fabric, sender.clone())?;
    let server = serve(&fabric, sender)?;
    lab.timeline
        .say("the Route Server listens on 10.0.6.4 and 10.0.6.5");
    let first = fabric.start_nva(0)?;
    let _second = fabric.start_nva(1)?;
    let _on_prem = fabric.start_on_prem()?;
    lab.next_hops(2).await?;
    lab.ways_back(&fabric).await?;

    let streams = Streams::open(&fabric, count)?;
    lab.timeline
        .say(&format!("{count} TCP streams from the VM to {ON_PREM}"));
    let sent = lab.flow(&fabric, [ENOUGH, ENOUGH]).await?;
    let share = 100 * sent[0] / (sent[0] + sent[1]);
    let shares = format!("packets: {share} % over nva1, {} % over nva2", 100 - share);
    lab.timeline.say(&shares);

    fabric.nvas[0].set("net/ipv4/ip_forward", "0")?;
    let killed = Instant::now();
    first.kill();
    lab.timeline
        .mark(killed, "nva1 is killed, and sends on no more");
    let moved = lab.next_hops(1).await?;
    lab.timeline.unmark();
    lab.flow(&fabric, [0, 2 * ENOUGH]).await?;
    let StreamSummary { whole, longest, .. } = streams.summary();
    let state = format!("{whole} of {count} streams go on; the longest wait of one: {longest:.0?}");
    lab.timeline.say(&state);

    fabric.nvas[0].set("net/ipv4/ip_forward", "1")?;
    let _first = fabric.start_nva(0)?;
    lab.timeline.say("nva1 is started again");
    lab.next_hops(2).await?;
    lab.flow(&fabric, [ENOUGH, ENOUGH]).await?;
    let StreamSummary { whole, longest, .. } = streams.end();
    drop(server);
    lab.next_hops(0).await?;
    lab.catch_up();
    let left = fabric.vm.ip("route show proto 177")?;
    lab.timeline.say(if left.is_empty() {
        "the Route Server has stopped, and its routes are gone"
    } else {
        "the Route Server has stopped"
    });
    println!(
        "\nNVA killed -> the kernel's notification of the route change: {:.1?}",
        moved - killed
    );
    println!("longest wait of a stream for an answer, in all: {longest:.0?}");
    println!("streams that survived: {whole} of {count}");
    Ok(whole == count && left.is_empty())
}

/// Tells what the kernel of the VM says of its routes.
fn watch_kernel(fabric: &Fabric, sender: UnboundedSender<Happening>) -> Result<()> {
    watch_routes(&fabric.vm, move |change| {
        let happening = match change {
            Ok(change) => Happening {
                at: change.at,
                what: What::Route(change),
            },
            Err(error) => Happening::now(What::Failed(format!("{error:#}"))),
        };
        sender.send(happening).is_ok()
    })
}

/// Starts the Route Server, and tells what it tells.
fn serve(fabric: &Fabric, sender: UnboundedSender<Happening>) -> Result<FabricServer> {
    FabricServer::start(fabric, NETWORK, move |event| {
        // Who listened may have gone.
        let _ = sender.send(Happening::now(What::Server(event.to_string())));
    })
}

/// The lab as it is watched.
struct Lab {
    timeline: Timeline,
    happenings: UnboundedReceiver<Happening>,
}

impl Lab {
    /// Waits until the kernel says that the VM's route has so many next hops: when it did.
    async fn next_hops(&mut self, count: usize) -> Result<Instant> {
        let waiting = async {
            while let Some(happening) = self.happenings.recv().await {
                self.timeline.tell(&happening);
                match &happening.what {
                    What::Route(change) if change.next_hops.len() == count => {
                        return Ok(happening.at);
                    }
                    What::Failed(why) => bail!("{why}"),
                    _ => {}
                }
            }
            bail!("nobody watches the kernel any more")
        };
        let waited = tokio::time::timeout(PATIENCE, waiting).await;
        waited.with_context(|| format!("the VM's route never had {count} next hops"))?
    }

    /// Prints what has happened.
    fn catch_up(&mut self) {
        while let Ok(happening) = self.happenings.try_recv() {
            self.timeline.tell(&happening);
        }
    }

    /// Waits until on-premises knows a way back over each NVA.
    async fn ways_back(&mut self, fabric: &Fabric) -> Result<()> {
        let start = Instant::now();
        loop {
            self.catch_up();
            let routes = fabric.on_prem.ip("route show 10.1.0.0/16")?;
            if routes.contains("172.16.1.1") && routes.contains("172.16.2.1") {
                return Ok(());
            }
            if start.elapsed() > PATIENCE {
                bail!("on-premises knows no way back over each NVA: {routes:?}");
            }
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Waits until the NVAs have sent on so many packets more: how many they have.
    async fn flow(&mut self, fabric: &Fabric, wanted: [u64; 2]) -> Result<[u64; 2]> {
        let before = fabric.forwarded()?;
        let start = Instant::now();
        loop {
            self.catch_up();
            let now = fabric.forwarded()?;
            let sent = [now[0] - before[0], now[1] - before[1]];
            if sent[0] >= wanted[0] && sent[1] >= wanted[1] {
                return Ok(sent);
            }
            if start.elapsed() > PATIENCE {
                bail!("the NVAs have sent on {sent:?} packets only");
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
