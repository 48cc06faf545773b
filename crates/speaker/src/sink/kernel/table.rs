//! One routing table, and which of its routes are ours.

use std::collections::BTreeSet;
use std::pin::pin;

use futures_util::TryStreamExt;
use routehub::types::Prefix;
use rtnetlink::packet_route::AddressFamily;
use rtnetlink::{Error, Handle};

use super::request::{METRIC, Request, delete, ours, question, removal, why};
use crate::sink::{NotTaken, RouteChange};

/// A table of the kernel.
pub(super) struct Table {
    handle: Handle,
    number: u32,
    /// Prefixes with a route of ours and our metric.
    held: BTreeSet<Prefix>,
    /// Routes of an earlier run that this one has not touched, by prefix and metric.
    stale: BTreeSet<(Prefix, u32)>,
}

impl Table {
    /// The table, with what an earlier run has left in it.
    pub(super) async fn open(handle: Handle, number: u32) -> Result<Self, Error> {
        let stale = all(&handle, number).await?;
        let same = stale.iter().filter(|(_, metric)| *metric == METRIC);
        Ok(Self {
            held: same.map(|(prefix, _)| *prefix).collect(),
            handle,
            number,
            stale,
        })
    }

    /// How many routes of an earlier run there are.
    pub(super) fn stale(&self) -> usize {
        self.stale.len()
    }

    /// The request for a change.
    pub(super) fn request(&self, change: RouteChange) -> Request {
        Request {
            handle: self.handle.clone(),
            table: self.number,
            held: self.held.contains(&change.prefix),
            change,
        }
    }

    /// Sets whether a route of ours is there after a change.
    pub(super) fn set_held(&mut self, prefix: Prefix, there: bool) {
        self.stale.remove(&(prefix, METRIC));
        if there {
            self.held.insert(prefix);
        } else {
            self.held.remove(&prefix);
        }
    }

    /// Forgets routes of ours that are not there any more: which they are. Nothing is known of a
    /// table that cannot be read.
    pub(super) async fn lost(&mut self) -> Vec<Prefix> {
        let Ok(there) = all(&self.handle, self.number).await else {
            return Vec::new();
        };
        let held = self.held.iter().copied();
        let gone = held.filter(|prefix| !there.contains(&(*prefix, METRIC)));
        let gone: Vec<Prefix> = gone.collect();
        for prefix in &gone {
            self.set_held(*prefix, false);
        }
        gone
    }

    /// Removes what is left of an earlier run.
    pub(super) async fn sweep(&mut self, vnet: &str, not_taken: &mut Vec<NotTaken>) {
        let stale = std::mem::take(&mut self.stale);
        for (prefix, metric) in stale {
            if metric == METRIC {
                self.held.remove(&prefix);
            }
            self.remove(vnet, prefix, metric, not_taken).await;
        }
    }

    /// Removes all routes with our protocol number.
    pub(super) async fn clear(&mut self, vnet: &str, not_taken: &mut Vec<NotTaken>) {
        self.held.clear();
        self.stale.clear();
        match all(&self.handle, self.number).await {
            Ok(routes) => {
                for (prefix, metric) in routes {
                    self.remove(vnet, prefix, metric, not_taken).await;
                }
            }
            Err(error) => not_taken.push(NotTaken {
                vnet: vnet.to_owned(),
                prefix: Prefix::default_of(routehub::types::Family::Ipv4),
                why: why(&error),
            }),
        }
    }

    async fn remove(&self, vnet: &str, prefix: Prefix, metric: u32, not_taken: &mut Vec<NotTaken>) {
        let removed = match removal(self.number, prefix, metric) {
            Ok(removal) => delete(&self.handle, removal).await,
            Err(error) => Err(error),
        };
        if let Err(error) = removed {
            not_taken.push(NotTaken {
                vnet: vnet.to_owned(),
                prefix,
                why: why(&error),
            });
        }
    }
}

/// All of our routes in a table, by prefix and metric.
async fn all(handle: &Handle, table: u32) -> Result<BTreeSet<(Prefix, u32)>, Error> {
    let mut found = BTreeSet::new();
    for family in [AddressFamily::Inet, AddressFamily::Inet6] {
        let answers = handle.route().get(question(table, family)).execute();
        let mut answers = pin!(answers);
        loop {
            match answers.try_next().await {
                Ok(Some(route)) => found.extend(ours(table, &route)),
                Ok(None) => break,
                // A table that nobody has used yet is not there, nor a family that is turned off.
                Err(Error::NetlinkError(error))
                    if [libc::ENOENT, libc::EOPNOTSUPP].contains(&-error.raw_code()) =>
                {
                    break;
                }
                Err(error) => return Err(error),
            }
        }
    }
    Ok(found)
}
