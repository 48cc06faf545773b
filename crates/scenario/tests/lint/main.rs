//! Findings: each with its cause and remedy, and none where there is nothing to say.

mod examples;
mod findings;
mod remedies;
