//! Findings on the screen: by weight, and what is said of several objects once.

use routehub::{Finding, Severity};
use routehub_types::RuleId;

/// What is said of one object, or likewise of several.
pub(super) struct Told<'a> {
    pub(super) severity: Severity,
    pub(super) rule: RuleId,
    /// The names of the objects.
    pub(super) subjects: Vec<&'a str>,
    /// What is said of the first.
    pub(super) text: &'a str,
}

/// Findings by weight, then by rule; what a rule says of several objects is one.
pub(super) fn told(findings: &[Finding]) -> Vec<Told<'_>> {
    let mut all: Vec<Told<'_>> = Vec::new();
    for finding in findings {
        let key = (finding.severity, finding.rule);
        let same = all
            .iter_mut()
            .find(|told| (told.severity, told.rule) == key);
        match same {
            Some(told) => told.subjects.push(&finding.subject),
            None => all.push(Told {
                severity: finding.severity,
                rule: finding.rule,
                subjects: vec![&finding.subject],
                text: &finding.text,
            }),
        }
    }
    all.sort_by_key(|told| (told.severity, told.rule));
    all
}

/// How many findings there are of each weight: `1 error, 2 warnings`.
pub(super) fn counts(findings: &[Finding]) -> String {
    let words = [
        (Severity::Error, "error", "errors"),
        (Severity::Warning, "warning", "warnings"),
        (Severity::Info, "note", "notes"),
    ];
    let counts = words.into_iter().filter_map(|(severity, word, words)| {
        let own = findings
            .iter()
            .filter(|finding| finding.severity == severity);
        match own.count() {
            0 => None,
            1 => Some(format!("1 {word}")),
            count => Some(format!("{count} {words}")),
        }
    });
    let counts: Vec<String> = counts.collect();
    match counts.as_slice() {
        [] => "none".to_owned(),
        counts => counts.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use routehub::{Finding, Severity, rules};

    use super::{counts, told};

    fn finding(subject: &str, severity: Severity) -> Finding {
        Finding {
            rule: rules::BOTH_INSTANCES,
            subject: subject.to_owned(),
            severity,
            text: format!("{subject} peers with one instance"),
        }
    }

    #[test]
    fn what_is_said_of_several_objects_is_told_once_and_errors_come_first() {
        let findings = [
            finding("nva1", Severity::Warning),
            finding("nva2", Severity::Warning),
            finding("nva1", Severity::Error),
        ];
        let told = told(&findings);
        assert_eq!(told.len(), 2);
        assert_eq!(told[0].severity, Severity::Error);
        assert_eq!(told[1].subjects, ["nva1", "nva2"]);
        assert_eq!(told[1].text, "nva1 peers with one instance");
        assert_eq!(counts(&findings), "1 error, 2 warnings");
        assert_eq!(counts(&[]), "none");
    }
}
