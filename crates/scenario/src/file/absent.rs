//! `absent`: rows that must not be seen.

use schemars::JsonSchema;
use serde::Deserialize;

use super::expect::{
    CommunitySet, HopsEntry, LabelWord, NextHopTypeWord, PathPattern, SourceWord, StateWord,
};
use super::{AnyAddress, AnyPrefix};
use crate::expect::{AbsentRow, Note, RowPattern, Table};
use routehub::estate::forms::{InstanceNumber, exactly_one};

/// A row that must not exist: a table and what no row of it may fit.
#[derive(Deserialize)]
#[serde(try_from = "AbsentFields")]
pub(crate) struct AbsentEntry(pub(crate) AbsentRow);

/// Declares the keys of an `absent` row: tables, second names, and fields with the tables that
/// have them.
macro_rules! absent {
    ($($field:ident: $type:ident in [$($of:ident)*];)*) => {
        /// A row that must not exist: a table and what no row of it may fit.
        #[derive(Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields, rename = "absent row")]
        #[schemars(rename = "AbsentRow", extend("oneOf" = [
            {"required": ["rs_learned", "nva"]}, {"required": ["rs_advertised", "nva"]},
            {"required": ["nva_learned"]}, {"required": ["gateway_learned"]},
            {"required": ["gateway_advertised", "to"]}, {"required": ["circuit_routes"]},
            {"required": ["on_prem_learned"]}, {"required": ["nic_effective"]}
        ]))]
        struct AbsentFields {
            /// The Route Server.
            #[serde(default)]
            rs_learned: Option<String>,
            /// The Route Server.
            #[serde(default)]
            rs_advertised: Option<String>,
            /// The NVA.
            #[serde(default)]
            nva_learned: Option<String>,
            /// The gateway.
            #[serde(default)]
            gateway_learned: Option<String>,
            /// The gateway.
            #[serde(default)]
            gateway_advertised: Option<String>,
            /// The circuit.
            #[serde(default)]
            circuit_routes: Option<String>,
            /// The site or circuit.
            #[serde(default)]
            on_prem_learned: Option<String>,
            /// The NIC.
            #[serde(default)]
            nic_effective: Option<String>,
            /// The NVA of `rs_learned` and `rs_advertised`.
            #[serde(default)]
            nva: Option<String>,
            /// The other end of `gateway_advertised`.
            #[serde(default)]
            to: Option<String>,
            prefix: AnyPrefix,
            $(#[serde(default)] $field: Option<$type>,)*
            /// Told if it differs, but no failure.
            #[serde(default)]
            soft: bool,
            /// Free text for the report.
            #[serde(default)]
            why: Option<String>,
        }

        impl AbsentFields {
            /// A field that is given although the table does not have it.
            fn foreign(&self, table: &str) -> Option<&'static str> {
                let fields = [$((stringify!($field), self.$field.is_some(),
                    [$(stringify!($of)),*].contains(&table))),*];
                let foreign = fields.into_iter().find(|(_, given, has)| *given && !has);
                foreign.map(|(field, _, _)| field)
            }

            fn row(self) -> RowPattern {
                let note = Note { soft: self.soft, why: self.why, line: 0 };
                RowPattern {
                    $($field: self.$field.map(Into::into),)*
                    ..RowPattern::any(self.prefix.0, note)
                }
            }
        }
    };
}

absent! {
    as_path: PathPattern in [rs_learned rs_advertised nva_learned gateway_learned
        gateway_advertised circuit_routes on_prem_learned];
    next_hop: HopsEntry in [rs_learned rs_advertised nva_learned gateway_learned
        gateway_advertised circuit_routes on_prem_learned nic_effective];
    communities: CommunitySet in [rs_learned rs_advertised nva_learned gateway_learned
        gateway_advertised];
    origin: LabelWord in [rs_learned rs_advertised nva_learned gateway_learned gateway_advertised
        circuit_routes];
    weight: u32 in [rs_learned rs_advertised gateway_learned gateway_advertised];
    source_peer: AnyAddress in [rs_learned gateway_learned];
    instance: InstanceNumber in [rs_learned rs_advertised nva_learned];
    from: String in [nva_learned on_prem_learned];
    next_hop_type: NextHopTypeWord in [nic_effective];
    source: SourceWord in [nic_effective];
    state: StateWord in [nic_effective];
    name: String in [nic_effective];
}

impl AbsentFields {
    fn table(&self) -> Result<Table, String> {
        let second = |key: &str, name: &Option<String>| match name {
            Some(name) => Ok(name.clone()),
            None => Err(format!("the key `{key}` is missing for the second name")),
        };
        let tables = [
            ("rs_learned", &self.rs_learned),
            ("rs_advertised", &self.rs_advertised),
            ("nva_learned", &self.nva_learned),
            ("gateway_learned", &self.gateway_learned),
            ("gateway_advertised", &self.gateway_advertised),
            ("circuit_routes", &self.circuit_routes),
            ("on_prem_learned", &self.on_prem_learned),
            ("nic_effective", &self.nic_effective),
        ];
        let mut given = tables
            .into_iter()
            .filter_map(|(key, name)| Some((key, name.clone()?)));
        let (Some((key, name)), None) = (given.next(), given.next()) else {
            return Err(exactly_one(
                &tables.map(|(key, name)| (key, name.is_some())),
            ));
        };
        Ok(match key {
            "rs_learned" => Table::RsLearned {
                route_server: name,
                nva: second("nva", &self.nva)?,
            },
            "rs_advertised" => Table::RsAdvertised {
                route_server: name,
                nva: second("nva", &self.nva)?,
            },
            "gateway_advertised" => Table::GatewayAdvertised {
                gateway: name,
                to: second("to", &self.to)?,
            },
            "nva_learned" => Table::NvaLearned { nva: name },
            "gateway_learned" => Table::GatewayLearned { gateway: name },
            "circuit_routes" => Table::CircuitRoutes { circuit: name },
            "on_prem_learned" => Table::OnPremLearned { name },
            _ => Table::NicEffective { nic: name },
        })
    }
}

impl TryFrom<AbsentFields> for AbsentEntry {
    type Error = String;

    fn try_from(fields: AbsentFields) -> Result<Self, String> {
        let table = fields.table()?;
        let foreign = fields.foreign(table.key()).or(match &table {
            Table::RsLearned { .. } | Table::RsAdvertised { .. } => {
                fields.to.as_ref().map(|_| "to")
            }
            Table::GatewayAdvertised { .. } => fields.nva.as_ref().map(|_| "nva"),
            _ => {
                let to = fields.to.as_ref().map(|_| "to");
                to.or(fields.nva.as_ref().map(|_| "nva"))
            }
        });
        match foreign {
            Some(field) => Err(format!("rows of {} have no `{field}`", table.key())),
            None => Ok(Self(AbsentRow {
                table,
                row: fields.row(),
            })),
        }
    }
}

same_schema! { AbsentEntry = AbsentFields }
