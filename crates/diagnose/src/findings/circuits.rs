//! Findings about what circuits carry: traffic between networks, summaries of their prefixes.

use std::collections::BTreeSet;

use routehub_exchange::estate::{Connection, Gateway};
use routehub_exchange::rules;
use routehub_types::{Family, Prefix};

use super::{Findings, Severity};
use crate::words::{any_of, listed};

/// Gateways that share a circuit, of which one takes nothing of the other's network.
pub(super) fn vnet_to_vnet(findings: &mut Findings<'_>) {
    let exchange = findings.exchange;
    for circuit in &exchange.estate().circuits {
        let gateways = exchange.estate().gateways.iter();
        let sharing: Vec<&Gateway> = gateways
            .filter(|gateway| is_connected(gateway, &circuit.name))
            .collect();
        for gateway in &sharing {
            let others = sharing.iter().filter(|other| other.vnet != gateway.vnet);
            let refused = others.filter(|other| !takes_from(findings, gateway, other));
            let refused: Vec<&Gateway> = refused.copied().collect();
            if !refused.is_empty() {
                refuses(findings, &circuit.name, gateway, &refused);
            }
        }
    }
}

/// Says that a gateway takes nothing of the networks of others; a warning where they take its.
fn refuses(findings: &mut Findings<'_>, circuit: &str, gateway: &Gateway, refused: &[&Gateway]) {
    let name = &gateway.name;
    let mut others = refused.iter();
    let severity = match others.any(|other| takes_from(findings, other, gateway)) {
        true => Severity::Warning,
        false => Severity::Info,
    };
    let vnets: BTreeSet<&str> = refused.iter().map(|other| other.vnet.as_str()).collect();
    let switches = refused.iter().map(|other| switch(findings, other));
    let switches: BTreeSet<&str> = switches.collect();
    let text = format!(
        "{name} takes no routes to {} from circuit {circuit}, by which both are connected: {} is \
         off. Set it on both gateways if the networks shall reach each other by the circuit, or \
         peer them.",
        listed(vnets),
        listed(switches),
    );
    findings.add(rules::VNET_TO_VNET, name, severity, text);
}

fn is_connected(gateway: &Gateway, circuit: &str) -> bool {
    let mut connections = gateway.connections.iter();
    connections.any(
        |connection| matches!(connection, Connection::Circuit { circuit: to, .. } if to == circuit),
    )
}

/// Whether the network of a gateway is on a Virtual WAN.
fn is_virtual_wan(findings: &Findings<'_>, gateway: &Gateway) -> bool {
    let mut vnets = findings.exchange.estate().vnets.iter();
    vnets.any(|vnet| vnet.name == gateway.vnet && vnet.virtual_wan)
}

/// The switch that what a gateway sends depends on at other gateways.
fn switch(findings: &Findings<'_>, from: &Gateway) -> &'static str {
    match is_virtual_wan(findings, from) {
        true => "allow_virtual_wan_traffic",
        false => "allow_remote_vnet_traffic",
    }
}

/// Whether a gateway takes from a circuit what another sends there.
fn takes_from(findings: &Findings<'_>, gateway: &Gateway, other: &Gateway) -> bool {
    let parameters = findings.exchange.parameters();
    match is_virtual_wan(findings, other) {
        true => parameters.allows_virtual_wan(gateway),
        false => parameters.allows_remote_vnet(gateway),
    }
}

/// Summaries that do not hold the network they stand for, or nothing at all.
pub(super) fn summaries(findings: &mut Findings<'_>) {
    let (exchange, topology) = (findings.exchange, findings.exchange.topology());
    for vnet in &exchange.estate().vnets {
        let (name, summaries) = (&vnet.name, &vnet.summarized_gateway_prefixes);
        let mut gateways = exchange.estate().gateways.iter();
        let has_gateway = gateways.any(|gateway| gateway.vnet == *name);
        let Some(id) = topology
            .vnet(name)
            .filter(|_| has_gateway && !summaries.is_empty())
        else {
            continue;
        };
        let mut faults = Vec::new();
        let covered = |prefix: Prefix| summaries.iter().any(|summary| summary.contains(prefix));
        let routes_ipv6 = exchange.parameters().ipv6;
        let routed = |prefix: &Prefix| routes_ipv6 || prefix.family() == Family::Ipv4;
        let own = topology.space(id).iter().copied().filter(routed);
        let lost: Vec<Prefix> = own.filter(|prefix| !covered(*prefix)).collect();
        if let Some(some) = any_of(&lost) {
            faults.push(format!(
                "{some} of {name} is inside none of its summarised gateway prefixes, so that its \
                 gateways do not announce it at all. Add a summary around it."
            ));
        }
        let space = topology.transit_space(id);
        let holds = |summary: &Prefix| space.iter().any(|prefix| summary.contains(*prefix));
        let all = summaries.iter().copied();
        let empty: Vec<Prefix> = all.filter(|summary| !holds(summary)).collect();
        if let Some(some) = any_of(&empty) {
            faults.push(format!(
                "The summarised gateway prefix {some} of {name} has no prefix of it or of its \
                 spokes inside: on-premises sends packets there that nobody has."
            ));
        }
        if !faults.is_empty() {
            let rule = rules::SUMMARIZED_GATEWAY_PREFIXES;
            findings.warning(rule, name, faults.join(" "));
        }
    }
}
