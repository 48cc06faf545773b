//! Expected rows and the lines they stand in.

use std::collections::BTreeMap;

use crate::expect::{
    Expectation, ExpectedFinding, ExpectedSession, ExpectedTable, RowPattern, Table,
};
use crate::file::{ExpectEntry, Named, Pairs, SessionRowEntry};
use crate::node::Node;
use crate::text::Text;

/// Gives expected rows their lines.
pub(crate) struct Lines<'a>(pub(crate) &'a Text<'a>);

impl Lines<'_> {
    fn of(&self, node: Option<&Node>) -> usize {
        node.map_or(0, |node| self.0.position(node.span.start).0)
    }

    /// Reads what should be seen at one time.
    pub(crate) fn expectation(&self, entry: ExpectEntry, node: &Node) -> Expectation {
        let mut tables = Vec::new();
        let rs_learned = |route_server, nva| Table::RsLearned { route_server, nva };
        let rs_advertised = |route_server, nva| Table::RsAdvertised { route_server, nva };
        let sent = |gateway, to| Table::GatewayAdvertised { gateway, to };
        self.pairs(
            &mut tables,
            entry.rs_learned,
            node.field("rs_learned"),
            rs_learned,
        );
        self.pairs(
            &mut tables,
            entry.rs_advertised,
            node.field("rs_advertised"),
            rs_advertised,
        );
        let learned = node.field("nva_learned");
        self.named(&mut tables, entry.nva_learned, learned, |nva| {
            Table::NvaLearned { nva }
        });
        let learned = node.field("gateway_learned");
        let table = |gateway| Table::GatewayLearned { gateway };
        self.named(&mut tables, entry.gateway_learned, learned, table);
        self.pairs(
            &mut tables,
            entry.gateway_advertised,
            node.field("gateway_advertised"),
            sent,
        );
        let edge = node.field("circuit_routes");
        let table = |circuit| Table::CircuitRoutes { circuit };
        self.named(&mut tables, entry.circuit_routes, edge, table);
        let learned = node.field("on_prem_learned");
        self.named(&mut tables, entry.on_prem_learned, learned, |name| {
            Table::OnPremLearned { name }
        });
        let effective = node.field("nic_effective");
        self.named(&mut tables, entry.nic_effective, effective, |nic| {
            Table::NicEffective { nic }
        });
        Expectation {
            at: entry.at,
            tables,
            sessions: self.sessions(entry.sessions, node.field("sessions")),
            findings: self.list(
                entry.findings,
                node.field("findings"),
                ExpectedFinding::from,
                |row| &mut row.note.line,
            ),
            absent: self.list(
                entry.absent,
                node.field("absent"),
                |row| row.0,
                |row| &mut row.row.note.line,
            ),
        }
    }

    fn list<A, B>(
        &self,
        rows: Vec<A>,
        node: Option<&Node>,
        read: impl Fn(A) -> B,
        line: impl Fn(&mut B) -> &mut usize,
    ) -> Vec<B> {
        let mut list: Vec<B> = rows.into_iter().map(read).collect();
        for (n, row) in list.iter_mut().enumerate() {
            *line(row) = self.of(node.and_then(|node| node.item(n)));
        }
        list
    }

    fn sessions(
        &self,
        sessions: BTreeMap<String, BTreeMap<String, Vec<SessionRowEntry>>>,
        node: Option<&Node>,
    ) -> Vec<ExpectedSession> {
        let mut all = Vec::new();
        for (server, nvas) in sessions {
            let node = node.and_then(|node| node.field(&server));
            for (nva, rows) in nvas {
                let node = node.and_then(|node| node.field(&nva));
                let read = |row: SessionRowEntry| row.of(&server, &nva);
                all.extend(self.list(rows, node, read, |row| &mut row.note.line));
            }
        }
        all
    }

    fn pairs<R: Into<RowPattern>>(
        &self,
        tables: &mut Vec<ExpectedTable>,
        pairs: Pairs<R>,
        node: Option<&Node>,
        table: impl Fn(String, String) -> Table,
    ) {
        for (first, named) in pairs {
            let node = node.and_then(|node| node.field(&first));
            self.named(tables, named, node, |second| table(first.clone(), second));
        }
    }

    fn named<R: Into<RowPattern>>(
        &self,
        tables: &mut Vec<ExpectedTable>,
        named: Named<R>,
        node: Option<&Node>,
        table: impl Fn(String) -> Table,
    ) {
        for (name, entry) in named {
            let node = node.and_then(|node| node.field(&name));
            let listed = node.and_then(|node| node.field("rows")).or(node);
            let (complete, mut rows) = entry.rows();
            for (n, row) in rows.iter_mut().enumerate() {
                row.note.line = self.of(listed.and_then(|list| list.item(n)));
            }
            tables.push(ExpectedTable {
                table: table(name),
                complete,
                rows,
                line: self.of(node),
            });
        }
    }
}
