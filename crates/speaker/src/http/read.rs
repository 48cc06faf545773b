//! Reading a long table while routes go on: share by share, and at the end what changed meanwhile.

use std::collections::BTreeMap;
use std::time::Duration;

use routehub::types::Prefix;
use routehub::{
    EffectiveRow, Exchange, FindingSearch, PeeringReport, RouteRow, ShareCursor, TableId,
    TableRows, UnknownName, Watch,
};
use routehub_scenario::Tables;
use tokio::time::Instant;

use super::app::App;
use super::error::Refusal;

/// Prefixes that are read at once, between which routes pass.
pub const SHARE: u32 = 256;

/// How much longer than a share routes have before the next.
const REST: u32 = 2;

/// The same, after a step of a search that cannot be cut as fine.
const SEARCH_REST: u32 = 20;

/// The longest rest.
const LONGEST_REST: Duration = Duration::from_secs(1);

/// How often a table is begun anew because everything has changed meanwhile.
const BEGINNINGS: usize = 8;

/// The rows of a table so far.
enum Read {
    Routes(BTreeMap<Prefix, Vec<RouteRow>>),
    Effective(BTreeMap<Prefix, Vec<EffectiveRow>>),
}

/// What the engine says when all of a table was read.
enum Last {
    /// Everything may be another by now.
    Anew,
    /// So much has changed that it is read in shares as well.
    More(Vec<Prefix>, Watch),
    /// The last rows, and everything that its shape needs besides.
    Done(Box<Done>),
}

struct Done {
    changed: Vec<Prefix>,
    rows: TableRows,
    beside: TableRows,
    tables: Tables,
}

/// Puts all rows of each of some prefixes in the place of those that it had: a prefix may have left a
/// RIB and be met in another one.
fn by_prefix<R>(
    rows: Vec<R>,
    all: &mut BTreeMap<Prefix, Vec<R>>,
    of: impl Fn(&R) -> Option<Prefix>,
) {
    let mut new: BTreeMap<Prefix, Vec<R>> = BTreeMap::new();
    for row in rows {
        if let Some(prefix) = of(&row) {
            new.entry(prefix).or_default().push(row);
        }
    }
    all.extend(new);
}

impl Read {
    /// Adds rows, all those of their prefixes.
    fn add(&mut self, rows: TableRows) {
        match (self, rows) {
            (Self::Routes(all), TableRows::Routes(rows)) => {
                by_prefix(rows, all, |row| Some(row.prefix));
            }
            (Self::Effective(all), TableRows::Effective(rows)) => {
                by_prefix(rows, all, |row| row.prefixes.first().copied());
            }
            _ => {}
        }
    }

    /// Puts rows in the place of those that these prefixes had.
    fn replace(&mut self, prefixes: &[Prefix], rows: TableRows) {
        for prefix in prefixes {
            match self {
                Self::Routes(all) => drop(all.remove(prefix)),
                Self::Effective(all) => drop(all.remove(prefix)),
            }
        }
        self.add(rows);
    }

    /// All rows in order, with those beside.
    fn into_rows(self, beside: TableRows) -> TableRows {
        match self {
            Self::Routes(all) => TableRows::Routes(all.into_values().flatten().collect()),
            Self::Effective(all) => {
                let mut rows: Vec<EffectiveRow> = all.into_values().flatten().collect();
                if let TableRows::Effective(beside) = beside {
                    rows.extend(beside);
                }
                rows.sort_by(|a, b| (&a.prefixes, a.source).cmp(&(&b.prefixes, b.source)));
                TableRows::Effective(rows)
            }
        }
    }
}

impl From<TableRows> for Read {
    fn from(rows: TableRows) -> Self {
        let mut read = match rows {
            TableRows::Effective(_) => Self::Effective(BTreeMap::new()),
            _ => Self::Routes(BTreeMap::new()),
        };
        read.add(rows);
        read
    }
}

impl App {
    /// A table as it is at one time, and everything that its shape needs besides.
    pub(super) async fn read(
        &self,
        id: TableId,
        check: impl Fn(&Exchange, &TableId) -> Result<(), Refusal> + Clone + Send + 'static,
    ) -> Result<Tables, Refusal> {
        let deadline = Instant::now() + super::app::QUERY;
        for _ in 0..BEGINNINGS {
            let (first, check) = (id.clone(), check.clone());
            let begin = move |exchange: &Exchange| {
                check(exchange, &first)?;
                Ok::<_, Refusal>(exchange.can_share(&first).then(|| exchange.watch()))
            };
            let Some(watch) = self.share(begin).await?? else {
                // What cannot be cut is read at once.
                self.land(&id);
                let all =
                    move |exchange: &Exchange| Tables::some(exchange.estate(), exchange, [id]);
                return self.share(all).await;
            };
            let read = self.read_shares(&id).await?;
            if let Some(tables) = self.catch_up(&id, read, watch).await? {
                return Ok(tables);
            }
            if Instant::now() > deadline {
                break;
            }
        }
        Err(Refusal::busy(
            "the routes change too quickly for this table: try again later",
        ))
    }

    /// All rows, each as it is at its time.
    async fn read_shares(&self, id: &TableId) -> Result<Read, Refusal> {
        let mut read: Option<Read> = None;
        let mut cursor = Some(ShareCursor::default());
        while let Some(from) = cursor {
            let id = id.clone();
            let share = self
                .share(move |exchange| exchange.table_share(&id, from, SHARE))
                .await??;
            cursor = share.next;
            match &mut read {
                None => read = Some(share.rows.into()),
                Some(read) => read.add(share.rows),
            }
        }
        Ok(read.unwrap_or(Read::Routes(BTreeMap::new())))
    }

    /// Reads again what changed, until it is little enough for the last share; none if everything
    /// did.
    async fn catch_up(
        &self,
        id: &TableId,
        mut read: Read,
        mut watch: Watch,
    ) -> Result<Option<Tables>, Refusal> {
        loop {
            // Who comes from here on needs a later answer.
            self.land(id);
            let of = id.clone();
            let last = move |exchange: &Exchange| {
                Ok::<_, UnknownName>(match exchange.changed_since(&mut watch) {
                    None => Last::Anew,
                    Some(changed) if changed.len() > SHARE as usize => Last::More(changed, watch),
                    Some(changed) => Last::Done(Box::new(Done {
                        rows: exchange.rows_about(&of, &changed)?,
                        beside: exchange.rows_beside(&of)?,
                        tables: Tables::some(exchange.estate(), exchange, []),
                        changed,
                    })),
                })
            };
            match self.share(last).await?? {
                Last::Anew => return Ok(None),
                Last::More(changed, still) => {
                    watch = still;
                    for prefixes in changed.chunks(SHARE as usize) {
                        let (id, about) = (id.clone(), prefixes.to_vec());
                        let rows = self.share(move |exchange| exchange.rows_about(&id, &about));
                        read.replace(prefixes, rows.await??);
                    }
                }
                Last::Done(done) => {
                    let Done {
                        changed,
                        rows,
                        beside,
                        mut tables,
                    } = *done;
                    read.replace(&changed, rows);
                    tables.rows.insert(id.clone(), read.into_rows(beside));
                    return Ok(Some(tables));
                }
            }
        }
    }

    /// Reads a share, and lets routes have their time.
    pub(super) async fn share<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Exchange) -> T + Send + 'static,
    ) -> Result<T, Refusal> {
        self.share_and_rest(read, REST).await
    }

    async fn share_and_rest<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Exchange) -> T + Send + 'static,
        rest: u32,
    ) -> Result<T, Refusal> {
        let timed = move |engine: &routehub::Engine| {
            let start = Instant::now();
            let share = read(engine.exchange());
            (share, start.elapsed())
        };
        let (share, took) = self.ask(timed).await?;
        tokio::time::sleep(took.saturating_mul(rest).min(LONGEST_REST)).await;
        Ok(share)
    }

    /// Takes a step of a search for findings, and says whether it was not the last.
    pub(super) async fn step(
        &self,
        mut search: FindingSearch,
    ) -> Result<(FindingSearch, bool), Refusal> {
        let step = move |exchange: &Exchange| {
            let more = search.step(exchange);
            (search, more)
        };
        self.share_and_rest(step, SEARCH_REST).await
    }

    /// How many routes a modelled neighbour is sent; each counts as it is at its time.
    pub(super) async fn count_advertised(&self, peering: &PeeringReport) -> Result<usize, Refusal> {
        let (mut count, mut cursor) = (0, Some(ShareCursor::default()));
        while let Some(from) = cursor {
            let peering = peering.clone();
            let share = move |exchange: &Exchange| exchange.advertised_share(&peering, from, SHARE);
            let (routes, next) = self.share(share).await?;
            count += routes;
            cursor = next;
        }
        Ok(count)
    }
}
