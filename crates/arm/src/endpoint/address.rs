//! What a path means: where in Azure's resource manager it leads.

use super::message::{ArmError, decoded};

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Address {
    /// `/metadata/endpoints`: what clouds say of themselves.
    Metadata,
    /// The description of a tenant's login.
    OpenId(String),
    /// Where a tenant's tokens are had.
    Token(String),
    /// All tenants.
    Tenants,
    /// All subscriptions.
    Subscriptions,
    /// A subscription.
    Subscription(String),
    /// The regions of a subscription.
    Locations(String),
    /// The resource groups of a subscription.
    Groups(String),
    /// A resource group.
    Group(String),
    /// The resources of a subscription or group, whose id this is.
    Everything(String),
    /// A resource provider of a subscription.
    Provider(String, Option<String>),
    /// How far an operation is; or its answer, if the flag is set.
    Operation(String, bool),
    /// A resource, or with `POST` a resource and an action with an argument.
    Resource(String),
    /// The resources of a kind, or with `POST` a resource and an action.
    Collection(String, String),
}

impl Address {
    /// What a path means.
    ///
    /// # Errors
    /// [`ArmError`] for a path that leads nowhere.
    pub(super) fn of(path: &str) -> Result<Self, ArmError> {
        let segments: Vec<String> = path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(decoded)
            .collect();
        let lower: Vec<String> = segments.iter().map(|s| s.to_ascii_lowercase()).collect();
        let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
        let own = |n: usize| segments.get(n).cloned().unwrap_or_default();
        let nowhere = || {
            let message = format!("No HTTP resource was found that matches the request {path}.");
            ArmError::new(404, "InvalidResourceType", message)
        };
        let group = || format!("/subscriptions/{}/resourceGroups/{}", own(1), own(3));
        let rest = |n: usize| segments.get(n..).unwrap_or_default();
        Ok(match lower.as_slice() {
            ["metadata", "endpoints"] => Self::Metadata,
            ["tenants"] => Self::Tenants,
            [_, "v2.0", ".well-known", "openid-configuration"]
            | [_, ".well-known", "openid-configuration"] => Self::OpenId(own(0)),
            [_, "oauth2", "v2.0", "token"] | [_, "oauth2", "token"] => Self::Token(own(0)),
            ["subscriptions"] => Self::Subscriptions,
            ["subscriptions", _] => Self::Subscription(own(1)),
            ["subscriptions", _, "locations"] => Self::Locations(own(1)),
            ["subscriptions", _, "resourcegroups"] => Self::Groups(own(1)),
            ["subscriptions", _, "resourcegroups", _] => Self::Group(group()),
            ["subscriptions", _, "resources"] => {
                Self::Everything(format!("/subscriptions/{}", own(1)))
            }
            ["subscriptions", _, "resourcegroups", _, "resources"] => Self::Everything(group()),
            ["subscriptions", _, "providers"] => Self::Provider(own(1), None),
            ["subscriptions", _, "providers", _] => Self::Provider(own(1), Some(own(3))),
            ["subscriptions", _, "resourcegroups", _, "providers", _, ..] if lower.len() > 6 => {
                below(&group(), rest(5))
            }
            ["subscriptions", _, "providers", ..] => match &lower[4..] {
                ["locations", _, kind, _] if kind.starts_with("operation") => {
                    Self::Operation(own(7), *kind == "operationresults")
                }
                _ => below(&format!("/subscriptions/{}", own(1)), rest(3)),
            },
            _ => return Err(nowhere()),
        })
    }
}

/// A provider, then kinds and names in turn.
fn below(scope: &str, segments: &[String]) -> Address {
    let id = |segments: &[String]| format!("{scope}/providers/{}", segments.join("/"));
    match segments {
        [before @ .., kind] if segments.len().is_multiple_of(2) => {
            Address::Collection(id(before), kind.clone())
        }
        _ => Address::Resource(id(segments)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_resources_collections_and_actions_whatever_their_case() {
        let of = |path: &str| Address::of(path).unwrap();
        let network = "/subscriptions/S/resourceGroups/rg/providers/Microsoft.Network";
        assert_eq!(
            of("/subscriptions/S/resourcegroups/rg/providers/Microsoft.Network/virtualHubs/rs"),
            Address::Resource(format!("{network}/virtualHubs/rs"))
        );
        assert_eq!(
            of(&format!("/{network}/virtualHubs/rs/bgpConnections")),
            Address::Collection(format!("{network}/virtualHubs/rs"), "bgpConnections".into())
        );
        assert_eq!(
            of("/SUBSCRIPTIONS/S/ResourceGroups/rg"),
            Address::Group("/subscriptions/S/resourceGroups/rg".into())
        );
        assert_eq!(
            of("/subscriptions/S/providers/Microsoft.Network/virtualHubs"),
            Address::Collection(
                "/subscriptions/S/providers/Microsoft.Network".into(),
                "virtualHubs".into()
            )
        );
        assert_eq!(of("/T/oauth2/v2.0/token"), Address::Token("T".into()));
        assert_eq!(Address::of("/else").unwrap_err().status, 404);
    }
}
