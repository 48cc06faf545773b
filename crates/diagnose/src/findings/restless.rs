//! Routes that keep changing because of what real routers announce.

use routehub_exchange::rules;
use routehub_exchange::view::some_of;

use super::Findings;

/// Prefixes that rest although they have not come to rest.
pub(super) fn prefixes(findings: &mut Findings<'_>) {
    for (speakers, prefixes) in findings.exchange.restless() {
        let subject = speakers.first().cloned().unwrap_or_default();
        let text = format!(
            "{} keep changing at {}: they stay as they are now until something is told of them again",
            some_of(&prefixes),
            speakers.join(", "),
        );
        findings.error(rules::RESTLESS, &subject, text);
    }
}
