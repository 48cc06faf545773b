//! azure-cli, as it is, against `route_server --arm --realistic`: it polls until things are done.

use routehub_testkit::azure::{Server, tools};

/// Half an hour is six seconds: short, and long enough to be looked at.
const FACTOR: &str = "--realistic=300x";

const LOGIN: &str = "
export AZURE_CONFIG_DIR=$PWD/azure
az config set core.instance_discovery=false --only-show-errors
az cloud register --name routehub --endpoint-resource-manager https://localhost:PORT
az cloud set --name routehub --only-show-errors
az login --service-principal -u any -p any --tenant 11111111-1111-1111-1111-111111111111 -o none
";

/// What is built, and asked; `--no-wait` shows how things stand while they are being done.
const SCRIPT: &str = "
az group create -n rg -l westeurope -o none
az network vnet create -g rg -n hub --address-prefixes 10.0.0.0/16 --subnet-name RouteServerSubnet --subnet-prefixes 10.0.6.0/26 -o none
az network vnet subnet create -g rg --vnet-name hub -n GatewaySubnet --address-prefixes 10.0.7.0/26 -o none
az network vnet subnet create -g rg --vnet-name hub -n nva --address-prefixes 10.0.4.0/24 -o none
az network public-ip create -g rg -n pip --sku Standard --only-show-errors -o none
az network vnet-gateway create -g rg -n gw --vnet hub --gateway-type Vpn --sku VpnGw2 --asn 65515 --public-ip-addresses pip --no-wait --only-show-errors -o none
az network vnet-gateway show -g rg -n gw --query provisioningState -o tsv
az network vnet-gateway wait -g rg -n gw --created --interval 1
az network vnet-gateway show -g rg -n gw --query provisioningState -o tsv
subnet=$(az network vnet subnet show -g rg --vnet-name hub -n RouteServerSubnet --query id -o tsv)
az network routeserver create -g rg -n rs --hosted-subnet $subnet --public-ip-address pip --query '[provisioningState, virtualRouterIps[0]]' -o tsv
az network nic create -g rg -n nva --vnet-name hub --subnet nva --tags routehub_originates=192.0.2.0/24 --query NewNIC.provisioningState -o tsv
az network routeserver peering create -g rg --routeserver rs -n nva --peer-ip 10.0.4.4 --peer-asn 65001 --query provisioningState -o tsv
az network routeserver peering list-learned-routes -g rg --routeserver rs -n nva --query 'RouteServiceRole_IN_0[].network' -o tsv
az network routeserver peering delete -g rg --routeserver rs -n nva -y
az network routeserver peering list -g rg --routeserver rs --query 'length(@)'
az network routeserver delete -g rg -n rs -y
az group delete -n rg -y
az network vnet list --query 'length(@)'
";

#[test]
fn azure_cli_waits_until_things_are_done() {
    let Some(tools) = tools() else {
        return;
    };
    let server = Server::start(&[FACTOR]);
    let login = LOGIN.replace("PORT", server.port());
    let printed = server.shell(&tools, &format!("{login}{SCRIPT}"));
    let wanted = [
        "Updating",
        "Succeeded",
        "Succeeded",
        "10.0.6.4",
        "Succeeded",
        "Succeeded",
        "192.0.2.0/24",
        "0",
        "0",
    ];
    assert_eq!(printed.lines().collect::<Vec<_>>(), wanted, "{printed}");
    let said = server.printed();
    assert!(said.contains("finding R-138: gw is interrupted"), "{said}");
    assert!(said.contains("gw is no longer interrupted"), "{said}");
}
