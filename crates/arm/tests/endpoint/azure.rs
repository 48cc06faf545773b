//! An endpoint, and the network that its documents describe.

use routehub_arm::{
    Change, Cloud, Credential, Endpoint, Outcome, Pace, Request, Response, SUBSCRIPTION, TENANT,
};
use routehub_exchange::Exchange;
use routehub_scenario::Scenario;
use routehub_types::Instant;
use serde_json::{Value, json};

/// An endpoint, the network that runs, and the time.
pub(crate) struct Azure {
    pub(crate) endpoint: Endpoint,
    pub(crate) exchange: Exchange,
    pub(crate) at: Instant,
}

pub(crate) const GROUP: &str =
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg";

pub(crate) fn network(path: &str) -> String {
    format!("{GROUP}/providers/Microsoft.Network/{path}")
}

pub(crate) fn run(change: &Change) -> Exchange {
    let profile = Scenario::default().profile;
    let estate = change.estate().expect("it fits together");
    let mut exchange =
        Exchange::new(estate, (&profile).into(), &Default::default(), 1).expect("it settles");
    for event in change.events() {
        exchange.apply_event(&event).expect("it can happen");
    }
    exchange
}

impl Azure {
    pub(crate) fn new() -> Self {
        let cloud = Cloud {
            url: "https://localhost:8443".into(),
            subscription: SUBSCRIPTION.into(),
            tenant: TENANT.into(),
            secret: None,
            signature: Credential::new("s".into()),
        };
        let endpoint = Endpoint::new(cloud, (&Scenario::default().profile).into());
        let exchange = run(&endpoint.take_up("{}").expect("JSON"));
        let at = Instant::ZERO;
        let mut azure = Self {
            endpoint,
            exchange,
            at,
        };
        azure.put(GROUP, &json!({"location": "westeurope"}));
        azure
    }

    pub(crate) fn send(&mut self, method: &str, path: &str, body: &str) -> Response {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let request = Request {
            method,
            path,
            query,
            authorization: Some("Bearer any"),
            if_match: None,
            body: body.as_bytes(),
            at: self.at,
        };
        match self.endpoint.handle(&request) {
            Outcome::Answer(answer) => answer,
            Outcome::Question(question) => question.answer(&self.exchange),
            Outcome::Change(change) => self.commit(*change),
        }
    }

    /// The same with another pace from here on.
    pub(crate) fn with_pace(self, pace: Pace) -> Self {
        Self {
            endpoint: self.endpoint.with_pace(pace),
            ..self
        }
    }

    /// The change that a request makes, before it is carried out.
    pub(crate) fn begin(&self, method: &str, path: &str, body: &Value) -> Change {
        let body = body.to_string();
        let request = Request {
            method,
            path,
            authorization: Some("Bearer any"),
            body: body.as_bytes(),
            at: self.at,
            ..Request::default()
        };
        match self.endpoint.handle(&request) {
            Outcome::Change(change) => *change,
            other => panic!("{other:?}"),
        }
    }

    /// Carries out a change.
    pub(crate) fn commit(&mut self, change: Change) -> Response {
        self.exchange = run(&change);
        self.endpoint.commit(change)
    }

    /// Lets time pass until a moment, with what ends by then.
    pub(crate) fn pass(&mut self, until: Instant) {
        self.at = until;
        while let Some(change) = self.endpoint.advance(self.at) {
            self.commit(change);
        }
    }

    /// A request that has to succeed.
    pub(crate) fn done(&mut self, method: &str, path: &str, body: &str) -> Value {
        let answer = self.send(method, path, body);
        assert!(answer.status < 300, "{method} {path}: {answer:?}");
        answer.body.unwrap_or_default()
    }

    pub(crate) fn put(&mut self, path: &str, body: &Value) -> Value {
        self.done("PUT", path, &body.to_string())
    }

    pub(crate) fn get(&mut self, path: &str) -> Value {
        self.done("GET", path, "")
    }

    pub(crate) fn post(&mut self, path: &str) -> Value {
        self.done("POST", path, "")
    }

    /// The code of a request that has to fail.
    pub(crate) fn code(&mut self, method: &str, path: &str, body: &Value) -> (u16, String) {
        let answer = self.send(method, path, &body.to_string());
        let code = answer.body.unwrap_or_default()["error"]["code"].clone();
        (answer.status, code.as_str().unwrap_or_default().to_owned())
    }

    /// A hub with a Route Server and an NVA, and a spoke with a machine.
    pub(crate) fn with_hub_and_spoke() -> Self {
        let mut azure = Self::new();
        let vnet = |space: &str, subnets: &[(&str, &str)]| {
            let subnets: Vec<Value> = subnets
                .iter()
                .map(
                    |(name, prefix)| json!({"name": name, "properties": {"addressPrefix": prefix}}),
                )
                .collect();
            json!({"properties": {"addressSpace": {"addressPrefixes": [space]}, "subnets": subnets}})
        };
        let subnets = [("nva", "10.0.4.0/24"), ("RouteServerSubnet", "10.0.6.0/26")];
        azure.put(
            &network("virtualNetworks/hub"),
            &vnet("10.0.0.0/16", &subnets),
        );
        azure.put(
            &network("virtualNetworks/spoke"),
            &vnet("10.1.0.0/16", &[("vms", "10.1.0.0/24")]),
        );
        azure.put(
            &network("publicIPAddresses/pip"),
            &json!({"sku": {"name": "Standard"}}),
        );
        azure.put(
            &network("virtualHubs/rs"),
            &json!({"properties": {"sku": "Standard"}}),
        );
        azure.put(
            &network("virtualHubs/rs/ipConfigurations/Default"),
            &json!({"properties": {
                "subnet": {"id": network("virtualNetworks/hub/subnets/RouteServerSubnet")},
                "publicIPAddress": {"id": network("publicIPAddresses/pip")},
            }}),
        );
        for (from, to, flag) in [
            ("hub", "spoke", "allowGatewayTransit"),
            ("spoke", "hub", "useRemoteGateways"),
        ] {
            azure.put(
                &network(&format!(
                    "virtualNetworks/{from}/virtualNetworkPeerings/to-{to}"
                )),
                &json!({"properties": {
                    "remoteVirtualNetwork": {"id": network(&format!("virtualNetworks/{to}"))},
                    "allowForwardedTraffic": true, flag: true,
                }}),
            );
        }
        azure.nic(
            "nva",
            "hub/subnets/nva",
            &json!({"routehub_originates": "192.168.0.0/16"}),
        );
        azure.nic("vm", "spoke/subnets/vms", &json!({}));
        azure.put(
            &network("virtualHubs/rs/bgpConnections/nva"),
            &json!({"properties": {"peerIp": "10.0.4.4", "peerAsn": 65001}}),
        );
        azure
    }

    pub(crate) fn nic(&mut self, name: &str, subnet: &str, tags: &Value) -> Value {
        let subnet = json!({"id": network(&format!("virtualNetworks/{subnet}"))});
        let own = json!({"name": "ipconfig1", "properties": {"subnet": subnet}});
        let body = json!({"tags": tags, "properties": {"ipConfigurations": [own]}});
        self.put(&network(&format!("networkInterfaces/{name}")), &body)
    }

    /// The next hops that the machine in the spoke has to a prefix.
    pub(crate) fn next_hops(&mut self, prefix: &str) -> Value {
        let rows = self.post(&network("networkInterfaces/vm/effectiveRouteTable"));
        let rows = rows["value"].as_array().cloned().unwrap_or_default();
        let row = rows.iter().find(|row| row["addressPrefix"][0] == prefix);
        row.map_or(Value::Null, |row| row["nextHopIpAddress"].clone())
    }
}
