//! What can happen, and that all of it does.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use routehub_testkit::isolated::command;

use crate::network::{Network, SPEAKERS, changing, route};
use crate::numbers::Numbers;
use crate::server::Server;
use crate::speaker::Speaker;

/// A kind of trouble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Trouble {
    /// A daemon is killed, and is back a little later.
    Killed,
    /// A daemon ends as it is asked to, and is back a little later.
    Ended,
    /// The address of a daemon is gone for a while.
    AddressGone,
    /// Packets are lost, both ways.
    Loss,
    /// A daemon announces and withdraws routes.
    Churn,
    /// Branch-to-branch is switched.
    BranchToBranch,
    /// The routing preference is changed.
    Preference,
    /// Another file is read.
    Reload,
    /// An operator resets a session.
    Reset,
    /// An operator has the routes of a session told again, both ways.
    SoftClear,
    /// Somebody reads everything.
    Reader,
}

impl Trouble {
    const ALL: [Self; 11] = [
        Self::Killed,
        Self::Ended,
        Self::AddressGone,
        Self::Loss,
        Self::Churn,
        Self::BranchToBranch,
        Self::Preference,
        Self::Reload,
        Self::Reset,
        Self::SoftClear,
        Self::Reader,
    ];
}

/// The loss of packets that there is.
#[derive(Default)]
pub(crate) struct Loss(Option<Instant>);

impl Loss {
    /// Loses some packets of BGP sessions in a hundred, until a time. A RST is not lost: nobody sends
    /// it again, and a daemon whose OPEN was taken before it waits for four minutes (RFC 4271
    /// section 8.2.2, the "large value" of the HoldTimer).
    fn begin(&mut self, percent: u64, until: Instant) {
        self.end();
        let lose = format!("numgen random mod 100 < {percent} drop");
        let rules = format!(
            "table inet loss {{
                chain input {{
                    type filter hook input priority 0;
                    tcp flags rst accept
                    tcp dport 179 {lose}
                    tcp sport 179 {lose}
                }}
            }}"
        );
        command("nft", &[&rules]);
        self.0 = Some(until);
    }

    fn end(&mut self) {
        if self.0.take().is_some() {
            command("nft", &["delete", "table", "inet", "loss"]);
        }
    }
}

/// Everything that has troubles.
pub(crate) struct Stage {
    pub(crate) speakers: Vec<Speaker>,
    pub(crate) network: Network,
    pub(crate) server: Server,
    pub(crate) loss: Loss,
    pub(crate) numbers: Numbers,
    /// How often each kind of trouble happened.
    pub(crate) happened: BTreeMap<Trouble, usize>,
}

impl Stage {
    /// One trouble after another for so long.
    pub(crate) fn troubles(&mut self, round: Duration) {
        let end = Instant::now() + round;
        while Instant::now() < end {
            for trouble in self.numbers.shuffled(&Trouble::ALL) {
                if Instant::now() >= end {
                    break;
                }
                if self.happens(trouble) {
                    *self.happened.entry(trouble).or_default() += 1;
                    println!("{trouble:?}");
                }
                let pause = self.numbers.between(50, 1500);
                std::thread::sleep(Duration::from_millis(pause));
                self.heal(Instant::now());
            }
        }
    }

    /// Has every trouble end whose time is over.
    fn heal(&mut self, now: Instant) {
        if self.loss.0.is_some_and(|until| until <= now) {
            self.loss.end();
        }
        for speaker in &mut self.speakers {
            speaker.heal(now, &self.network);
        }
    }

    /// Has every trouble end.
    pub(crate) fn heal_all(&mut self) {
        self.loss.end();
        // No trouble lasts for an hour.
        self.heal(Instant::now() + Duration::from_hours(1));
    }

    /// The kinds of trouble that never happened.
    pub(crate) fn never(&self) -> Vec<Trouble> {
        let all = Trouble::ALL.into_iter();
        all.filter(|trouble| !self.happened.contains_key(trouble))
            .collect()
    }

    /// Has a trouble happen, where there is anybody to have it.
    fn happens(&mut self, trouble: Trouble) -> bool {
        let lasts = Duration::from_millis(self.numbers.between(200, 12_000));
        let until = Instant::now() + lasts;
        match trouble {
            Trouble::Killed => self.of_one(|speaker| speaker.end(false, until)),
            Trouble::Ended => self.of_one(|speaker| speaker.end(true, until)),
            Trouble::AddressGone => self.of_one(|speaker| speaker.lose_address(until)),
            Trouble::Loss => {
                let percent = self.numbers.between(2, 40);
                self.loss.begin(percent, until);
                true
            }
            Trouble::Churn => self.churn(),
            Trouble::BranchToBranch => {
                let event = self.network.switch();
                self.event(&event)
            }
            Trouble::Preference => {
                let event = self.network.prefer(&mut self.numbers);
                self.event(&event)
            }
            Trouble::Reload => {
                self.network.rewrite(&mut self.numbers);
                self.server.reload(&self.network.text());
                true
            }
            Trouble::Reset => {
                let peer = self.any_speaker().role().name;
                self.event(&format!("{{id: r, reset: {{peer: {peer}, text: soak}}}}"))
            }
            Trouble::SoftClear => {
                let peer = self.any_speaker().role().name;
                self.event(&format!("{{id: s, soft_clear: {{peer: {peer}}}}}"))
            }
            Trouble::Reader => {
                for path in ["/v1/tables", "/v1/peers", "/metrics", "/v1/findings"] {
                    self.server.get(path);
                }
                true
            }
        }
    }

    fn event(&self, event: &str) -> bool {
        self.server.happen(event);
        true
    }

    fn any_speaker(&mut self) -> &mut Speaker {
        let at = self.numbers.below(self.speakers.len());
        &mut self.speakers[at]
    }

    /// Something happens to a speaker, if nothing ails it.
    fn of_one(&mut self, happens: impl FnOnce(&mut Speaker)) -> bool {
        let speaker = self.any_speaker();
        let is_well = speaker.is_well();
        if is_well {
            happens(speaker);
        }
        is_well
    }

    /// A speaker announces some routes that it did not, and withdraws some that it did; each once, for
    /// of a route that is withdrawn and announced again in the same moment ExaBGP tells the first alone.
    fn churn(&mut self) -> bool {
        let at = self.numbers.below(self.speakers.len());
        let Some(daemon) = self.speakers[at].daemon() else {
            return false;
        };
        let announced = &mut self.network.announced[at];
        let all: Vec<usize> = (0..changing(SPEAKERS[at].kind)).collect();
        let some = 1 + self.numbers.below(6);
        for number in self.numbers.shuffled(&all).into_iter().take(some) {
            let route = route(at, number);
            if announced.remove(&number) {
                daemon.withdraw(&route.prefix);
            } else {
                announced.insert(number);
                daemon.announce(&route);
            }
        }
        true
    }
}
