//! Rules as they are evaluated: compiled lists, an index of their prefixes, and what their actions
//! do to a route.

mod apply;
mod policy;
mod prefix_index;
mod rule_list;

pub use policy::Policy;
