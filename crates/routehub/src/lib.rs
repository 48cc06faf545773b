#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod dynamic;
mod encoding;
mod engine;
mod network;
pub mod profile;
mod refresh_marks;
mod route_server;
pub mod sweep;
mod takeover;
mod update_reader;
pub use engine::{Effect, Engine, EngineError, Input};
pub use network::{Network, NetworkError};
pub use profile::{Profile, ProfileError};
pub use route_server::{Action, RouteServer, RouteServerError};
pub use routehub_diagnose::{
    BestPathChange, BothWays, BrokenPromise, Difference, EventReport, EventReporter, Explanation,
    FINDING_RULES, Finding, FindingSearch, INTERNET, Impact, ImpactKind, Matrix, MatrixPair,
    PairImpact, Place, PrefixDifference, Promise, Promises, Reason, RuleNote, Severity, Snapshot,
    SnapshotRow, TableDifference, Trace, TraceEnd, TraceError, TraceHop, Unless, Ways, WithRules,
    both_ways, explain, findings, matrix, trace,
};
pub use routehub_exchange::view::Watch;
pub use routehub_exchange::{
    Changes, CheckedEstate, ClearDirection, ConnectionEnds, ConnectionLoad, DynamicPeer,
    DynamicRefusal, EffectiveRow, Estate, EstateErrors, Event, EventError, Exchange,
    GatewayInstance, Instance, LimitExceeded, LinkChange, LinkId, LiveLink, NextHopType,
    NotConverged, NvaSessions, Parameters, PathReport, PathStanding, PeerSessions, PeeringReport,
    Refused, Role, RouteOrigin, RouteRow, RouteServerLoad, RouteSource, RouteState, SessionEnd,
    SessionRow, SessionState, Share, ShareCursor, SoftClear, SpeakerId, Staleness, Subject,
    TableId, TableKind, TableRows, TableShape, UnknownName, VnetRoute, VnetRoutes, check, estate,
    rules,
};
pub use routehub_rib::Step;
pub use routehub_types as types;
pub use takeover::ReloadedEngine;
