//! `docs/azure.md` and Azure's SDK for Python against `route_server --arm`: the commands of the page
//! run as they stand, and print what stands below them.
//!
//! `ROUTEHUB_AZURE_CLI` is the virtual environment that `.ci/azure-cli` makes; without one nothing is
//! tested, unless `ROUTEHUB_REQUIRE_INTEROP` says that it has to be. With `ROUTEHUB_WRITE` the page is
//! written anew.

use std::path::Path;

use routehub_testkit::azure::{Server, tools};
use routehub_testkit::example;

const PAGE: &str = "../docs/azure.md";

/// A piece of the page: text, or the inside of a block.
#[derive(Clone, Debug, PartialEq)]
struct Piece {
    /// What stands behind the fence; none outside blocks.
    kind: Option<String>,
    text: String,
}

fn pieces(page: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut kind = None;
    let mut text = String::new();
    for line in page.lines() {
        let Some(fence) = line.strip_prefix("```") else {
            text.push_str(line);
            text.push('\n');
            continue;
        };
        let text = std::mem::take(&mut text);
        let next = kind.is_none().then(|| fence.to_owned());
        pieces.push(Piece {
            kind: std::mem::replace(&mut kind, next),
            text,
        });
    }
    pieces.push(Piece { kind, text });
    pieces
}

fn page(pieces: &[Piece]) -> String {
    let mut page = String::new();
    for Piece { kind, text } in pieces {
        match kind {
            Some(kind) => page.push_str(&format!("```{kind}\n{text}```\n")),
            None => page.push_str(text),
        }
    }
    page
}

#[test]
fn the_commands_of_the_page_print_what_stands_there() {
    let Some(tools) = tools() else {
        return;
    };
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE);
    let text = std::fs::read_to_string(&file).expect("the page");
    let mut pieces = pieces(&text);
    assert_eq!(page(&pieces), text);
    let server = Server::start(&[]);
    let import = example::build("import");
    let mut script = format!("import() {{ '{}' \"$@\"; }}\n", import.display());
    for piece in pieces
        .iter()
        .filter(|piece| piece.kind.as_deref() == Some("sh"))
    {
        script.push_str(&piece.text);
        script.push_str("echo '<end of block>'\n");
    }
    let script = script.replace("localhost:8443", &format!("localhost:{}", server.port()));
    let output = server.shell(&tools, &script);
    let printed: Vec<&str> = output.split("<end of block>\n").collect();
    let blocks = pieces
        .iter()
        .filter(|piece| piece.kind.as_deref() == Some("sh"));
    assert_eq!(printed.len(), blocks.count() + 1);
    let mut printed = printed.into_iter();
    for piece in &mut pieces {
        if piece.kind.as_deref() != Some("text") {
            continue;
        }
        let wanted = printed.next().unwrap_or_default();
        let lines = wanted.lines().map(str::trim_end);
        piece.text = lines.map(|line| format!("{line}\n")).collect();
    }
    let now = page(&pieces);
    if std::env::var_os("ROUTEHUB_WRITE").is_some() {
        std::fs::write(&file, now).expect("it can be written");
    } else {
        assert_eq!(text, now);
    }
}

const SDK: &str = r#"
import sys
from azure.core.credentials import AccessToken
from azure.mgmt.network import NetworkManagementClient

class Any:
    def get_token(self, *scopes, **keys):
        return AccessToken("a.b.c", 4102444800)

url = "https://localhost:" + sys.argv[1]
subscription = "00000000-0000-0000-0000-000000000001"
client = NetworkManagementClient(Any(), subscription, base_url=url, credential_scopes=[url + "/.default"])
group = f"/subscriptions/{subscription}/resourceGroups/rg"
network = group + "/providers/Microsoft.Network"
client.virtual_networks.begin_create_or_update("rg", "hub", {
    "location": "westeurope",
    "properties": {
        "addressSpace": {"addressPrefixes": ["10.0.0.0/16"]},
        "subnets": [
            {"name": "nva", "properties": {"addressPrefix": "10.0.4.0/24"}},
            {"name": "RouteServerSubnet", "properties": {"addressPrefix": "10.0.6.0/26"}},
        ],
    },
}).result()
client.virtual_hubs.begin_create_or_update("rg", "rs", {"location": "westeurope", "properties": {"sku": "Standard"}}).result()
client.virtual_hub_ip_configuration.begin_create_or_update("rg", "rs", "Default", {
    "properties": {"subnet": {"id": network + "/virtualNetworks/hub/subnets/RouteServerSubnet"}},
}).result()
client.network_interfaces.begin_create_or_update("rg", "nva", {
    "location": "westeurope",
    "tags": {"routehub_originates": "192.0.2.0/24"},
    "properties": {"ipConfigurations": [{"name": "a", "properties": {
        "subnet": {"id": network + "/virtualNetworks/hub/subnets/nva"}}}]},
}).result()
client.virtual_hub_bgp_connection.begin_create_or_update("rg", "rs", "nva", {
    "properties": {"peerIp": "10.0.4.4", "peerAsn": 65001},
}).result()
print(list(client.virtual_hubs.get("rg", "rs").virtual_router_ips))
learned = client.virtual_hub_bgp_connections.begin_list_learned_routes("rg", "rs", "nva").result()
print(learned)
routes = client.network_interfaces.begin_get_effective_route_table("rg", "nva").result()
print([(r.address_prefix, r.next_hop_ip_address) for r in routes.value if r.source == "VirtualNetworkGateway"])
try:
    client.virtual_networks.begin_delete("rg", "hub").result()
except Exception as error:
    print(error.error.code)
"#;

#[test]
fn azures_sdk_for_python_builds_a_network_and_reads_its_routes() {
    let Some(tools) = tools() else {
        return;
    };
    let server = Server::start(&[]);
    let port = server.port();
    std::fs::write(server.folder().join("sdk.py"), SDK).expect("room");
    let script = format!(
        "curl -s --cacert routehub-cert.pem -X PUT -H 'Authorization: Bearer any' \
         https://localhost:{port}/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups/rg \
         -d '{{\"location\": \"westeurope\"}}' > /dev/null\n python sdk.py {port}"
    );
    let printed = server.shell(&tools, &script);
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(
        lines.first(),
        Some(&"['10.0.6.4', '10.0.6.5']"),
        "{printed}"
    );
    assert!(lines[1].contains("192.0.2.0/24"), "{printed}");
    assert_eq!(
        lines[2..],
        [
            "[(['192.0.2.0/24'], ['10.0.4.4'])]",
            "InUseSubnetCannotBeDeleted"
        ],
        "{printed}"
    );
}
