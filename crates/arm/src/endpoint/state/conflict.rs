//! What cannot be done while something else is being done.

use super::operations::{IP_CONFIGURATION, Operations, Work};
use crate::endpoint::message::ArmError;
use crate::endpoint::refusal::references;
use crate::endpoint::store::{Delta, Store};
use crate::resource::{Fields, ResourceId};

/// Refuses a change of what is being changed, or what needs it: of documents as they are written,
/// and as they will be.
///
/// # Errors
/// [`ArmError`], as Azure has it.
pub(crate) fn check_conflicts(
    operations: &Operations,
    before: &Store,
    after: &Store,
    delta: &Delta,
) -> Result<(), ArmError> {
    for id in delta.ids() {
        check_holder(operations, id)?;
        check_network(operations, before, id)?;
        if let Some(value) = after.get(id) {
            check_references(operations, id, value)?;
        }
    }
    Ok(())
}

/// A resource and its parts are changed one after the other.
fn check_holder(operations: &Operations, id: &ResourceId) -> Result<(), ArmError> {
    let holder = id.holder();
    let Some((_, other)) = operations.on(&holder).next() else {
        return Ok(());
    };
    let mut parts = other.delta.ids();
    let provisions = parts.any(|part| part.kind() == IP_CONFIGURATION);
    if provisions && id.kind() == "virtualhubs/bgpconnections" {
        let message = format!(
            "The Route Server {} is being provisioned; its connections need its routing.",
            holder.last()
        );
        let code = "HubBgpConnectionParentHubMustHaveProvisionedRoutingState";
        return Err(ArmError::bad(code, message));
    }
    Err(in_progress(&holder))
}

/// No subnet comes or goes in a network while a Route Server in it does.
fn check_network(operations: &Operations, before: &Store, id: &ResourceId) -> Result<(), ArmError> {
    if id.kind() != "virtualnetworks/subnets" {
        return Ok(());
    }
    let vnet = id.up_to("virtualNetworks");
    let is_there = |part: &ResourceId| {
        let subnet = before
            .fields(part)
            .and_then(|part| part.reference("subnet"));
        let there = subnet.and_then(|subnet| subnet.up_to("virtualNetworks"));
        there.is_some() && there == vnet
    };
    match operations.provisioned().find(|part| is_there(part)) {
        Some(part) => Err(in_progress(&part.holder())),
        None => Ok(()),
    }
}

fn in_progress(holder: &ResourceId) -> ArmError {
    let message = format!(
        "Another operation on this or dependent resource is in progress: on {}.",
        holder.text()
    );
    ArmError::new(409, "AnotherOperationInProgress", message)
}

/// What a resource refers to has to be ready.
fn check_references(
    operations: &Operations,
    id: &ResourceId,
    value: &serde_json::Value,
) -> Result<(), ArmError> {
    let mut ids = Vec::new();
    references(value, &mut ids);
    let own = id.holder();
    for text in ids {
        let holder = ResourceId::new(text).holder();
        let other = operations.on(&holder).next().filter(|_| holder != own);
        if let Some((_, other)) = other {
            let state = match other.work {
                Work::Delete => "Deleting",
                _ => "Updating",
            };
            let message = format!(
                "Cannot proceed with operation because resource {text} used by resource {} is not \
                 in Succeeded state. Resource is in {state} state.",
                Fields(value).text("id").unwrap_or(id.text())
            );
            return Err(ArmError::new(
                409,
                "ReferencedResourceNotProvisioned",
                message,
            ));
        }
    }
    Ok(())
}
