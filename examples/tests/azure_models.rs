//! What we write, and answer, as Azure's documents has the keys of Azure's own models, and values
//! of their types: those of `azure-mgmt-network`, which are made from the published OpenAPI.

use std::path::Path;
use std::process::Command;

use routehub::{Estate, Exchange};
use routehub_arm::{Cloud, Credential, Endpoint, Outcome, Request, SUBSCRIPTION, TENANT, export};
use routehub_scenario::Scenario;
use routehub_testkit::azure::tools;
use serde_json::{Value, json};

/// The models of kinds of resources.
const MODELS: &[(&str, &str)] = &[
    ("virtualNetworks", "VirtualNetwork"),
    ("virtualNetworks/subnets", "Subnet"),
    (
        "virtualNetworks/virtualNetworkPeerings",
        "VirtualNetworkPeering",
    ),
    ("virtualHubs", "VirtualHub"),
    ("virtualHubs/ipConfigurations", "HubIpConfiguration"),
    ("virtualHubs/bgpConnections", "BgpConnection"),
    ("virtualHubs/routeMaps", "RouteMap"),
    ("routeTables", "RouteTable"),
    ("routeTables/routes", "Route"),
    ("networkInterfaces", "NetworkInterface"),
    ("networkSecurityGroups", "NetworkSecurityGroup"),
    ("networkWatchers", "NetworkWatcher"),
    ("privateEndpoints", "PrivateEndpoint"),
    ("publicIPAddresses", "PublicIPAddress"),
    ("loadBalancers", "LoadBalancer"),
    (
        "loadBalancers/frontendIPConfigurations",
        "FrontendIPConfiguration",
    ),
    ("loadBalancers/backendAddressPools", "BackendAddressPool"),
    ("virtualNetworkGateways", "VirtualNetworkGateway"),
    ("connections", "VirtualNetworkGatewayConnection"),
    ("localNetworkGateways", "LocalNetworkGateway"),
    ("expressRouteCircuits", "ExpressRouteCircuit"),
    (
        "expressRouteCircuits/peerings",
        "ExpressRouteCircuitPeering",
    ),
];

/// The models of answers about routes, by the kind of resource and the action; a star: lists of
/// it, by instance.
const ANSWERS: &[(&str, &str, &str)] = &[
    ("virtualHubs/bgpConnections", "learnedRoutes", "PeerRoute*"),
    (
        "virtualHubs/bgpConnections",
        "advertisedRoutes",
        "PeerRoute*",
    ),
    (
        "networkInterfaces",
        "effectiveRouteTable",
        "EffectiveRouteListResult",
    ),
    (
        "virtualNetworkGateways",
        "getLearnedRoutes",
        "GatewayRouteListResult",
    ),
    (
        "virtualNetworkGateways",
        "getBgpPeerStatus",
        "BgpPeerStatusListResult",
    ),
    (
        "expressRouteCircuits/peerings",
        "routeTables/primary",
        "ExpressRouteCircuitsRoutesTableListResult",
    ),
];

/// The kind of a document of the network provider; machines have models elsewhere.
fn kind(document: &Value) -> Option<&str> {
    document["type"]
        .as_str()?
        .strip_prefix("Microsoft.Network/")
}

fn model(kind: &str) -> &'static str {
    let known = MODELS.iter().find(|(own, _)| *own == kind);
    known.unwrap_or_else(|| panic!("{kind} has no model")).1
}

/// An endpoint with an estate, and the network that runs.
struct Azure {
    endpoint: Endpoint,
    exchange: Exchange,
}

impl Azure {
    fn new(scenario: &Scenario) -> Option<Self> {
        let cloud = Cloud {
            url: "https://localhost:8443".into(),
            subscription: SUBSCRIPTION.into(),
            tenant: TENANT.into(),
            secret: None,
            signature: Credential::new("s".into()),
        };
        let mut endpoint = Endpoint::new(cloud, (&scenario.profile).into());
        let change = endpoint.take_estate(&scenario.estate);
        let estate = change.estate().expect("it fits together");
        let parameters = (&scenario.profile).into();
        let exchange = Exchange::new(estate, parameters, &Default::default(), 1).ok()?;
        endpoint.commit(change);
        Some(Self { endpoint, exchange })
    }

    fn ask(&self, method: &str, path: &str) -> Option<Value> {
        let answer = match self.endpoint.handle(&Request {
            method,
            path,
            authorization: Some("Bearer any"),
            ..Request::default()
        }) {
            Outcome::Answer(answer) => answer,
            Outcome::Question(question) => question.answer(&self.exchange),
            Outcome::Change(_) => return None,
        };
        answer.body.filter(|_| answer.status == 200)
    }

    /// Every resource as it is shown, and every answer about routes, with its model.
    fn all(&self) -> Vec<Value> {
        let kept = self.endpoint.kept();
        let mut all = Vec::new();
        for own in kept["resources"].as_array().into_iter().flatten() {
            let id = own["id"].as_str().expect("an id");
            let shown = self.ask("GET", id).expect("it is there");
            let Some(kind) = kind(&shown) else {
                continue;
            };
            all.push(json!([model(kind), shown]));
            for (_, action, model) in ANSWERS.iter().filter(|(own, ..)| *own == kind) {
                if let Some(answer) = self.ask("POST", &format!("{id}/{action}")) {
                    all.push(json!([model, answer]));
                }
            }
        }
        all
    }
}

/// The documents that an estate becomes, with their models.
fn exported(estate: &Estate) -> Vec<Value> {
    let documents = export(estate).into_iter();
    let known = documents.filter_map(|own| Some(json!([model(kind(&own)?), own])));
    known.collect()
}

#[test]
fn documents_have_the_keys_and_types_of_azures_own_models() {
    let Some(tools) = tools() else {
        return;
    };
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut documents = Vec::new();
    for folder in ["../crates/scenario/tests/labs", "networks"] {
        let files = std::fs::read_dir(root.join(folder)).expect("the folder is there");
        for file in files.map(|file| file.expect("it can be listed").path()) {
            if file.extension().is_none_or(|extension| extension != "yaml") {
                continue;
            }
            let text = std::fs::read_to_string(&file).expect("it can be read");
            let scenario = Scenario::parse(&text).expect("it is a network file");
            documents.extend(exported(&scenario.estate));
            documents.extend(Azure::new(&scenario).iter().flat_map(Azure::all));
        }
    }
    assert!(documents.len() > 1000, "{}", documents.len());
    let file = tempfile::NamedTempFile::new().expect("a file");
    let written = serde_json::to_writer(file.as_file(), &documents);
    written.expect("room");
    let output = Command::new(tools.join("bin/python"))
        .arg(root.join("tests/azure_models.py"))
        .arg(file.path())
        .output()
        .expect("Python runs");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let wanted = format!("{} documents\n", documents.len());
    assert_eq!(said, wanted);
}
