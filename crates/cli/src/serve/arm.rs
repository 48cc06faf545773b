//! The endpoint of Azure's resource manager: HTTPS in front of `routehub_arm::Endpoint`, and the
//! server whose network the documents describe.

mod certificate;
mod gate;
mod listener;
mod state;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use clap::Args;
use routehub::Event;
use routehub_arm::{Cloud, Credential, Endpoint, Pace, SUBSCRIPTION, TENANT};
use routehub_scenario::Scenario;
use routehub_speaker::Server;

use certificate::Certificate;
use gate::{Gate, Runs, Say};
use listener::Listener;
use state::State;

/// The endpoint of Azure's resource manager.
#[derive(Clone, Debug, Args)]
pub(crate) struct ArmArguments {
    /// Answer `az` and other clients of Azure's resource manager on this address and port, by
    /// HTTPS. What they write is the network; without a file it begins empty. On other than a
    /// loopback address a token file is needed.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) arm: Option<SocketAddr>,
    /// The certificate, which clients have to trust. If there is no such file, one is made and
    /// written there.
    #[arg(long, value_name = "FILE", requires = "arm")]
    arm_cert: Option<PathBuf>,
    /// The key of a certificate that was not made here.
    #[arg(long, value_name = "FILE", requires = "arm_cert")]
    arm_key: Option<PathBuf>,
    /// Keep the documents, the certificate and its key in this directory.
    #[arg(long, value_name = "DIR", requires = "arm")]
    state: Option<PathBuf>,
    /// Have changes take their time, as in Azure, or a part of it: with `60x` an hour is a minute.
    /// Clients have to wait, and gateways are interrupted while a Route Server comes or goes beside
    /// them.
    #[arg(
        long,
        value_name = "FACTORx",
        requires = "arm",
        num_args = 0..=1,
        require_equals = true,
        default_missing_value = "1x"
    )]
    realistic: Option<Pace>,
}

/// An endpoint, before its server runs.
pub(crate) struct Arm {
    endpoint: Endpoint,
    listener: Listener,
    state: Option<State>,
    runs: Runs,
    events: Vec<Event>,
}

impl ArmArguments {
    /// Prepares the endpoint, and has the scenario be what its documents describe; none if none is
    /// wanted.
    pub(crate) async fn prepare(
        &self,
        scenario: &mut Scenario,
        token: Option<String>,
    ) -> Result<Option<Arm>> {
        let Some(address) = self.arm else {
            return Ok(None);
        };
        if token.is_none() && !address.ip().is_loopback() {
            anyhow::bail!(
                "--arm {address} is not a loopback address: clients there need a token, give it \
                 with --token-file"
            );
        }
        let state = self.state.as_deref().map(State::open).transpose()?;
        let certificate = Certificate::load(
            self.arm_cert.as_deref(),
            self.arm_key.as_deref(),
            self.state.as_deref(),
            address.ip(),
        )?;
        let listener = Listener::bind(address, &certificate).await?;
        let cloud = Cloud {
            url: url(listener.address()?),
            subscription: SUBSCRIPTION.to_owned(),
            tenant: TENANT.to_owned(),
            secret: token.map(Credential::new),
            signature: Credential::new(certificate::random_text()?),
        };
        let endpoint = Endpoint::new(cloud, (&scenario.profile).into());
        let mut endpoint = endpoint.with_pace(self.realistic.unwrap_or_default());
        let change = match state.as_ref().map(State::read).transpose()?.flatten() {
            Some(kept) => endpoint.take_up(&kept).context("what --state holds")?,
            None => endpoint.take_estate(&scenario.estate),
        };
        scenario.estate = change.estate()?;
        let base = std::mem::take(&mut scenario.live);
        scenario.live = change.live(&base);
        let events = change.events();
        endpoint.commit(change);
        Ok(Some(Arm {
            endpoint,
            listener,
            state,
            runs: Runs {
                profile: scenario.profile.clone(),
                base,
            },
            events,
        }))
    }
}

/// Where clients reach an address.
fn url(address: SocketAddr) -> String {
    match address.ip().is_loopback() || address.ip().is_unspecified() {
        true => format!("https://localhost:{}", address.port()),
        false => format!("https://{address}"),
    }
}

impl Arm {
    /// What to tell whoever starts it.
    pub(crate) fn greeting(&self) -> Result<String> {
        let url = url(self.listener.address()?);
        let certificate = self.listener.certificate().display();
        Ok(format!("answering az on {url}, certificate {certificate}"))
    }

    /// Answers requests, for ever.
    pub(crate) async fn serve(self, server: Arc<Server>, say: Say) {
        let gate = Arc::new(Gate::new(self.endpoint, self.state, self.runs, server, say));
        gate.begin(self.events).await;
        tokio::select! {
            () = self.listener.serve(Arc::clone(&gate)) => {}
            () = gate.run_on() => {}
        }
    }
}
