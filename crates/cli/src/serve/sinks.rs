//! The sinks of the command line: what receives the routes of the networks.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail, ensure};
use clap::{Args, ValueEnum};
use routehub_scenario::Scenario;
use routehub_speaker::sink::kernel::Namespace;
use routehub_speaker::sink::{
    JsonSink, KernelSink, KernelTarget, LinesFile, MemorySink, Sink, Sinks,
};

/// The main routing table.
const MAIN: u32 = 254;

/// The options for sinks, which receive the routes that the networks' NICs use.
#[derive(Clone, Debug, Args)]
pub(crate) struct SinkArguments {
    /// Tell the routes of the networks: to memory, to the Linux kernel, or as lines of JSON. May be
    /// given several times.
    #[arg(long = "sink", value_name = "SINK")]
    sinks: Vec<Kind>,
    /// Write the lines of JSON to this file. Without it they go to the standard output, and
    /// everything else to the standard error.
    #[arg(long, value_name = "FILE")]
    sink_file: Option<PathBuf>,
    /// How long routes that an earlier run left in the kernel stay, if not all live routers come
    /// back, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    sink_wait: u64,
    /// The network namespace that stands for a network's VMs: a name, or the path of a file. Its
    /// main table is used unless --kernel-table says otherwise.
    #[arg(long, value_name = "VNET=NAMESPACE", value_parser = pair)]
    kernel_netns: Vec<(String, String)>,
    /// The number of the routing table that a network's routes go to.
    #[arg(long, value_name = "VNET=NUMBER", value_parser = pair)]
    kernel_table: Vec<(String, String)>,
}

/// A kind of sink.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
enum Kind {
    Memory,
    Kernel,
    Json,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((vnet, place)) if !vnet.is_empty() && !place.is_empty() => {
            Ok((vnet.to_owned(), place.to_owned()))
        }
        _ => Err("a network, =, and what it has".to_owned()),
    }
}

impl SinkArguments {
    /// Whether the standard output is for lines of JSON alone.
    pub(crate) fn take_output(&self) -> bool {
        self.sinks.contains(&Kind::Json) && self.sink_file.is_none()
    }

    /// The sinks.
    pub(crate) fn open(&self, scenario: &Scenario) -> Result<Sinks> {
        let mut kinds = self.sinks.clone();
        kinds.sort_unstable();
        kinds.dedup();
        let targets = self.targets(scenario)?;
        ensure!(
            targets.is_empty() || kinds.contains(&Kind::Kernel),
            "--kernel-netns and --kernel-table go with --sink kernel"
        );
        ensure!(
            self.sink_file.is_none() || kinds.contains(&Kind::Json),
            "--sink-file goes with --sink json"
        );
        let open = |kind: &Kind| -> Result<Box<dyn Sink>> {
            Ok(match kind {
                Kind::Memory => Box::new(MemorySink::default()),
                Kind::Kernel if targets.is_empty() => {
                    bail!("--sink kernel needs --kernel-netns or --kernel-table")
                }
                Kind::Kernel => Box::new(KernelSink::open(&targets)?),
                Kind::Json => Box::new(JsonSink::new(self.lines()?)),
            })
        };
        Ok(Sinks {
            sinks: kinds.iter().map(open).collect::<Result<_>>()?,
            patience: Duration::from_secs(self.sink_wait),
        })
    }

    fn lines(&self) -> Result<Box<dyn Write + Send>> {
        let Some(path) = &self.sink_file else {
            return Ok(Box::new(io::stdout()));
        };
        let file = LinesFile::create(path);
        let file = file.with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Box::new(file))
    }

    /// Where each network's routes go in the kernel.
    fn targets(&self, scenario: &Scenario) -> Result<Vec<KernelTarget>> {
        let mut targets: BTreeMap<&str, KernelTarget> = BTreeMap::new();
        for (vnet, _) in self.kernel_netns.iter().chain(&self.kernel_table) {
            let is_known = scenario
                .estate
                .vnets
                .iter()
                .any(|known| known.name == *vnet);
            ensure!(is_known, "there is no virtual network {vnet:?} in the file");
            targets.entry(vnet).or_insert_with(|| KernelTarget {
                vnet: vnet.clone(),
                namespace: None,
                table: MAIN,
            });
        }
        for (vnet, namespace) in &self.kernel_netns {
            if let Some(target) = targets.get_mut(vnet.as_str()) {
                target.namespace = Some(if namespace.contains('/') {
                    Namespace::File(namespace.into())
                } else {
                    Namespace::Named(namespace.clone())
                });
            }
        }
        for (vnet, number) in &self.kernel_table {
            let table = number.parse().ok().filter(|table| *table > 0);
            let table = table.with_context(|| format!("{number:?} is no table of {vnet}"))?;
            if let Some(target) = targets.get_mut(vnet.as_str()) {
                target.table = table;
            }
        }
        Ok(targets.into_values().collect())
    }
}
