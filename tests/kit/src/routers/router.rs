//! The router at the far end of a session.

use std::collections::BTreeMap;

use routehub::types::{Attrs, Nlri, Prefix};
use routehub_wire::{Context, Message, UpdateView, decode, frame};

/// A router at the far end of a session: it holds what the octets say that it is sent, each path
/// under its prefix and, where it has one, its path identifier (RFC 7911).
#[derive(Clone, Debug)]
pub struct Router {
    /// As it reads.
    context: Context,
    held: BTreeMap<Nlri, Attrs>,
    news: Vec<(Nlri, bool)>,
    ends: usize,
}

impl Router {
    /// A router that is written to like this, and was not told anything yet.
    pub fn new(send: Context) -> Self {
        let context = Context {
            add_path_receive: send.add_path_send,
            ..send
        };
        Self {
            context,
            held: BTreeMap::new(),
            news: Vec::new(),
            ends: 0,
        }
    }

    /// Reads messages, which are UPDATEs without a fault.
    pub fn read(&mut self, bytes: &[u8]) {
        let context = self.context;
        let mut rest = bytes;
        while let Some(length) = frame(rest, context.max_len()).expect("a message") {
            let (message, behind) = rest.split_at(length);
            rest = behind;
            let message = decode(message, &context).expect("a message");
            let Message::Update(view) = message else {
                panic!("no UPDATE: {message:?}");
            };
            self.take(&view);
        }
        assert!(rest.is_empty(), "a part of a message: {rest:?}");
    }

    /// Takes an UPDATE in.
    pub fn take(&mut self, view: &UpdateView<'_>) {
        assert!(view.is_fault_free(), "{:?}", view.faults());
        let updates = view.to_updates().expect("no reset");
        let mut says_nothing = true;
        for update in updates {
            says_nothing &= update.withdrawn.is_empty() && update.announced.is_empty();
            for nlri in update.withdrawn {
                self.held.remove(&nlri);
                self.news.push((nlri, false));
            }
            for nlri in update.announced {
                self.held.insert(nlri, update.attrs.clone());
                self.news.push((nlri, true));
            }
        }
        self.ends += usize::from(says_nothing);
    }

    /// What it holds.
    pub fn held(&self) -> &BTreeMap<Nlri, Attrs> {
        &self.held
    }

    /// The paths that it holds of a prefix.
    pub fn paths(&self, prefix: Prefix) -> impl Iterator<Item = (&Nlri, &Attrs)> + Clone {
        let held = self.held.iter();
        held.filter(move |(nlri, _)| nlri.prefix == prefix)
    }

    /// What it holds of a prefix whose paths have no identifiers.
    pub fn route(&self, prefix: Prefix) -> Option<&Attrs> {
        self.held.get(&prefix.into())
    }

    /// What it was told since [`forget_news`](Self::forget_news), in order: what was announced, and
    /// what was withdrawn.
    pub fn news(&self) -> &[(Nlri, bool)] {
        &self.news
    }

    /// How many UPDATEs since then had no route: each marks the end of a family's routes (RFC 4724
    /// section 2).
    pub fn ends(&self) -> usize {
        self.ends
    }

    /// Forgets what it was told when, and holds what it holds.
    pub fn forget_news(&mut self) {
        self.news.clear();
        self.ends = 0;
    }
}
