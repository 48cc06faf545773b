//! One direction of a link: the policies on both sides, and what the receiver calls the sender.

use routehub_policy::{Policy, RouteMeta, SourceClass, Step};
use routehub_rib::{Admission, Age, Announcement, AttrStore, DecisionKey, SourceId};
use routehub_types::{AttrId, Attrs, Community, Prefix, RuleId};

use crate::graph::{AdjacencyId, Deployment, Graph, SpeakerId};
use crate::parameters::Parameters;
use crate::policy::{CachedPolicy, Policies};
use crate::rules;

use super::encoding::Fit;
use super::speaker_rib::Sender;

/// What passes from one speaker to another, and as what.
#[derive(Clone, Debug)]
pub(super) struct Adjacency {
    pub(super) sender: SpeakerId,
    pub(super) receiver: SpeakerId,
    /// The first speaker of the sender's name.
    sent_by: SpeakerId,
    /// The first speaker of the receiver's name.
    received_by: SpeakerId,
    /// What the receiver's RIB calls the sender; none where the receiver only ends routes.
    pub(super) source: Option<SourceId>,
    /// What the sender sends, and as what.
    export: CachedPolicy,
    /// What the receiver takes in.
    import: CachedPolicy,
    /// What the receiver's policies call routes of this adjacency.
    class: SourceClass,
    /// How many prefixes the receiver holds at most; none: it is no Route Server.
    max_prefixes: Option<u32>,
    /// Whether the sender passes nothing on, whatever it hears.
    export_blocked: bool,
    /// Whether the sender does not send what it has from the receiver, or from another instance of
    /// the same. NVAs have rules of their own for that.
    splits_horizon: bool,
    /// Whether it belongs to a static site: there is no session.
    pub(super) is_static: bool,
    /// What fits the messages to a real receiver, while its session is established.
    fit: Option<Fit>,
}

impl Adjacency {
    pub(super) fn new(
        deployment: &Deployment,
        id: AdjacencyId,
        source: Option<SourceId>,
        seed: u64,
    ) -> Self {
        let (graph, policies) = (deployment.graph(), Policies::of(deployment));
        let limited = graph.receiver(id).is_route_server();
        let (sender, receiver) = (graph.sending_end(id).speaker, graph.receiver_id(id));
        let first = |id| first_of_name(graph, id);
        Self {
            sender,
            receiver,
            sent_by: first(sender),
            received_by: first(receiver),
            source,
            export: CachedPolicy::new(policies.export(id), seed),
            import: CachedPolicy::new(policies.import(id), seed),
            class: policies.source_class(id),
            max_prefixes: deployment
                .parameters()
                .max_total_prefixes
                .filter(|_| limited),
            export_blocked: policies.blocks_all(id),
            splits_horizon: !graph.sender(id).is_nva(),
            is_static: graph.link(id.link).kind.is_static(),
            fit: None,
        }
    }

    /// The same, of which copies share what policies said.
    pub(super) fn share(self) -> Self {
        Self {
            export: self.export.share(),
            import: self.import.share(),
            ..self
        }
    }

    /// Nobody is at the other end any more.
    pub(super) fn vacate(&mut self, store: &mut AttrStore) {
        self.source = None;
        self.fit = None;
        self.export.clear(store);
        self.import.clear(store);
    }

    /// Compiles the export policy anew; says whether it is another one.
    pub(super) fn recompile_export(
        &mut self,
        deployment: &Deployment,
        id: AdjacencyId,
        store: &mut AttrStore,
    ) -> bool {
        let policies = Policies::of(deployment);
        let blocked = policies.blocks_all(id);
        let unblocked = std::mem::replace(&mut self.export_blocked, blocked) != blocked;
        self.export.replace(policies.export(id), store) || unblocked
    }

    /// In what another import policy differs from this one.
    pub(super) fn import_change(&self, policy: &Policy) -> ImportChange {
        match self.import.policy().differing_prefixes(policy) {
            None => ImportChange::All,
            Some(prefixes) if prefixes.is_empty() => ImportChange::None,
            Some(prefixes) => ImportChange::Inside(prefixes),
        }
    }

    /// Puts another import policy in the place of this one.
    pub(super) fn set_import(
        &mut self,
        policy: Policy,
        change: &ImportChange,
        store: &mut AttrStore,
    ) {
        match change {
            ImportChange::None => {}
            ImportChange::Inside(_) => self.import.replace_alike(policy),
            ImportChange::All => {
                self.import.replace(policy, store);
            }
        }
    }

    /// From here on only what fits is sent; none: the receiver is not written to.
    pub(super) fn set_fit(&mut self, fit: Option<Fit>) {
        self.fit = fit;
    }

    /// Whether each route is held against what a message to the receiver can hold.
    pub(super) fn checks_fit(&self) -> bool {
        self.fit.is_some()
    }

    /// Whether the receiver is not told of a route because it is long-lived stale, and the receiver
    /// does not take such (RFC 9494 section 4.3).
    pub(super) fn keeps_back(&self, from: Sender, key: &DecisionKey) -> bool {
        from.long_lived
            && key.is_long_lived_stale()
            && !self.fit.as_ref().is_some_and(Fit::takes_long_lived)
    }

    /// Whether this is what the sender of another adjacency is sent.
    pub(super) fn leads_to_sender_of(&self, other: &Self) -> bool {
        self.receiver == other.sender
    }

    /// Whether a message to the receiver can announce a route.
    ///
    /// # Errors
    /// The rule by which none can.
    pub(super) fn check_fit(&self, attrs: &Attrs, prefix: Prefix) -> Result<(), RuleId> {
        match &self.fit {
            Some(fit) => fit.check(attrs.clone(), prefix),
            None => Ok(()),
        }
    }

    /// Whether the receiver keeps what the sender passes on.
    pub(super) fn passes_routes(&self) -> bool {
        self.source.is_some() && !self.export_blocked
    }

    /// Whether the sender keeps from the receiver what came by another adjacency.
    pub(super) fn sends_back(&self, from: &Self) -> bool {
        self.sends_back_to(from.sent_by)
    }

    /// The same of what came from speakers of the name of this one, the first of them.
    pub(super) fn sends_back_to(&self, sent_by: SpeakerId) -> bool {
        self.splits_horizon && sent_by == self.received_by
    }

    /// The export policy.
    pub(super) fn export(&self) -> &Policy {
        self.export.policy()
    }

    /// The rules of the receiver's route map that change or drop a route as it was sent.
    pub(super) fn inbound_map_rules(&self, prefix: Prefix, attrs: &Attrs) -> Vec<String> {
        map_rules(self.import.policy(), attrs, prefix, self.class)
    }

    /// What the sender makes of a route of its RIB, under the prefix that it has there.
    ///
    /// # Errors
    /// The rule that keeps the route back. What leaves under another prefix than it came under has
    /// no place in a table by prefix: receivers of such prefixes are told by a look at all routes.
    pub(super) fn export_route(
        &mut self,
        store: &mut AttrStore,
        class: SourceClass,
        attrs: AttrId,
        prefix: Prefix,
    ) -> Result<AttrId, RuleId> {
        let (sent, attrs) = self.export.evaluate(store, class, attrs, prefix)?;
        if sent != prefix {
            return Err(rules::PREFIX_REWRITTEN);
        }
        if let Some(fit) = &mut self.fit {
            fit.check_set(store, attrs, prefix)?;
        }
        Ok(attrs)
    }

    /// What the receiver says of each route.
    pub(super) fn admission<'a>(
        &'a mut self,
        parameters: &'a Parameters,
    ) -> impl FnMut(&mut AttrStore, &Announcement) -> Admission + 'a {
        let max = self.max_prefixes.map(|max| max as usize);
        move |store, route| {
            let verdict = self
                .import
                .evaluate(store, self.class, route.attrs, route.prefix);
            let (prefix, attrs) = match verdict {
                Ok(accepted) => accepted,
                Err(rule) if is_shown_as_learned(parameters, rule) => {
                    return Admission::Filter(rule);
                }
                Err(rule) => return Admission::Reject(rule),
            };
            let is_long_lived = route.age == Age::LongLivedStale;
            let attrs = match is_long_lived.then(|| long_lived_stale(store, route.attrs, attrs)) {
                Some(Err(rule)) => return Admission::Reject(rule),
                Some(Ok(marked)) => marked,
                None => attrs,
            };
            if !route.prefix_known && max.is_some_and(|max| route.prefixes >= max) {
                Admission::Reject(rules::PREFIX_LIMIT)
            } else if prefix == route.prefix {
                Admission::Accept(attrs)
            } else {
                Admission::Replace { prefix, attrs }
            }
        }
    }

    /// Whether policies said something of a set that is no more.
    pub(super) fn knows_any(&self, freed: &[AttrId]) -> bool {
        self.fit.is_some() || self.import.knows_any(freed) || self.export.knows_any(freed)
    }

    /// Forgets what policies said of sets that are no more.
    pub(super) fn forget(&mut self, freed: &[AttrId], store: &mut AttrStore) {
        self.import.forget(freed, store);
        self.export.forget(freed, store);
        self.fit.iter_mut().for_each(Fit::forget);
    }
}

/// What becomes of a route that is long-lived stale, by its attributes as received and after import:
/// it is marked (RFC 9494 section 4.2).
///
/// # Errors
/// The rule by which it is not kept: the neighbour or a route map has marked it with NO_LLGR.
fn long_lived_stale(
    store: &mut AttrStore,
    received: AttrId,
    imported: AttrId,
) -> Result<AttrId, RuleId> {
    let mut attrs = store.attrs(imported);
    let refuses = |attrs: &Attrs| attrs.has_community(Community::NO_LLGR);
    if refuses(&attrs) || received != imported && refuses(&store.attrs(received)) {
        return Err(rules::NO_LLGR);
    }
    attrs.add_community(Community::LLGR_STALE);
    Ok(store.intern(&attrs))
}

/// The first speaker of a speaker's name.
pub(super) fn first_of_name(graph: &Graph, id: SpeakerId) -> SpeakerId {
    graph.first_named(&graph.speaker(id).name).unwrap_or(id)
}

/// Which routes an import policy may let pass otherwise than the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ImportChange {
    /// None.
    None,
    /// Those to one of these prefixes or inside one.
    Inside(Vec<Prefix>),
    /// Any.
    All,
}

/// Whether a refused route stands in the learned table all the same: what a route map dropped
/// and what lies in a local network where the profile says so.
fn is_shown_as_learned(parameters: &Parameters, rule: RuleId) -> bool {
    rule == rules::ROUTE_MAP
        || rule == rules::INSIDE_LOCAL_NETWORK && parameters.show_overlap_in_learned
}

/// The names of the rules of a route map in a policy that change or drop a route.
pub(super) fn map_rules(
    policy: &Policy,
    attrs: &Attrs,
    prefix: Prefix,
    class: SourceClass,
) -> Vec<String> {
    let (verdict, steps) = policy.explain(attrs, prefix, &meta(class));
    let dropped_at = verdict.at.filter(|_| !verdict.is_accept());
    let acts = |step: &&Step| {
        step.rule == rules::ROUTE_MAP && (step.changed || Some(step.at) == dropped_at)
    };
    let acting = steps.iter().filter(acts);
    let acting = acting.filter_map(|step| policy.rule(step.at));
    acting.map(|rule| rule.name.clone()).collect()
}

/// What policies are told of a route besides its attributes.
pub(super) fn meta(source: SourceClass) -> RouteMeta {
    RouteMeta {
        source,
        neighbor: None,
    }
}
