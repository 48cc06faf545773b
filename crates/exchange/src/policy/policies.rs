//! What import and export policies are made from, and what they ask of it.

use routehub_policy::SourceClass;

use crate::graph::{AdjacencyId, Deployment, PeerClass, Role, Speaker, SpeakerId};
use crate::parameters::ReflectBetweenNvas;

use super::propagation_rules::{Condition, propagation_rule};

/// Compiles the policies of a deployment. They are compiled anew when it changes.
#[derive(Clone, Copy)]
pub(crate) struct Policies<'a> {
    pub(super) deployment: &'a Deployment,
}

impl<'a> Policies<'a> {
    /// Those of a deployment as it is now.
    pub(crate) fn of(deployment: &'a Deployment) -> Self {
        Self { deployment }
    }

    /// Whether the propagation rules let nothing pass from the sender to the receiver, of
    /// whatever class.
    pub(crate) fn blocks_all(self, adjacency: AdjacencyId) -> bool {
        let graph = self.deployment.graph();
        let has_rules = graph.sender(adjacency).role().is_some();
        has_rules
            && !PeerClass::ALL
                .iter()
                .any(|from| self.lets_pass(adjacency, *from))
    }

    /// Whether the propagation rules let routes of a class pass from the sender to the receiver.
    pub(crate) fn lets_pass(self, adjacency: AdjacencyId, from: PeerClass) -> bool {
        let graph = self.deployment.graph();
        let sender = graph.sender(adjacency);
        let Some(role) = sender.role() else {
            return false;
        };
        let to = graph.receiver(adjacency).class_for(role);
        let row = to.and_then(|to| propagation_rule(role, from, to));
        row.is_some_and(|row| self.holds(row.condition, from, sender))
    }

    /// Whether a condition for routes of a class holds at a speaker now.
    fn holds(self, condition: Condition, from: PeerClass, speaker: &Speaker) -> bool {
        let parameters = self.deployment.parameters();
        let server = self.deployment.route_server(speaker);
        let branch_to_branch = server.is_some_and(|server| server.branch_to_branch);
        match condition {
            // A transparent route server announces no networks (RFC 7947).
            Condition::Always => {
                !(parameters.transparent
                    && speaker.role() == Some(Role::RouteServer)
                    && matches!(from, PeerClass::OwnNetwork | PeerClass::Spoke))
            }
            Condition::BranchToBranch => branch_to_branch,
            Condition::Reflection => match parameters.reflect_between_nvas {
                ReflectBetweenNvas::BranchToBranch => branch_to_branch,
                ReflectBetweenNvas::Always => true,
                ReflectBetweenNvas::Never => false,
            },
            Condition::Never => false,
        }
    }

    /// What the receiver's policies call the routes of an adjacency: its class by the propagation
    /// rules, or at an NVA the number of the link.
    pub(crate) fn source_class(self, adjacency: AdjacencyId) -> SourceClass {
        let graph = self.deployment.graph();
        match graph.class_of_sender(adjacency) {
            Some(class) => class.source_class(),
            None => {
                let links = graph.links_of(graph.receiver_id(adjacency));
                let place = links.iter().position(|link| *link == adjacency.link);
                link_class(place.unwrap_or(usize::MAX))
            }
        }
    }

    /// The source classes of those adjacencies towards an NVA that fit: at an NVA every link is a
    /// class.
    pub(super) fn link_classes(
        self,
        nva: SpeakerId,
        fits: impl Fn(AdjacencyId) -> bool,
    ) -> Vec<SourceClass> {
        let adjacencies = self.deployment.graph().inbound(nva).enumerate();
        let fitting = adjacencies.filter(|(_, adjacency)| fits(*adjacency));
        fitting.map(|(place, _)| link_class(place)).collect()
    }
}

/// The source class of the link at a place of an NVA.
fn link_class(place: usize) -> SourceClass {
    SourceClass(u8::try_from(place).unwrap_or(u8::MAX))
}
