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

/// Findings by weight, then by rule; those that say the same of several objects are one.
pub(super) fn told(findings: &[Finding]) -> Vec<Told<'_>> {
    let mut all: Vec<(Told<'_>, String)> = Vec::new();
    for finding in findings {
        let (severity, rule, text) = (finding.severity, finding.rule, finding.text.as_str());
        // Each says it with its own name.
        let bare = text.replace(&finding.subject, "\0");
        let same = all
            .iter_mut()
            .find(|(told, other)| (told.severity, told.rule) == (severity, rule) && *other == bare);
        if let Some((told, _)) = same {
            told.subjects.push(&finding.subject);
            continue;
        }
        let told = Told {
            severity,
            rule,
            subjects: vec![&finding.subject],
            text,
        };
        all.push((told, bare));
    }
    all.sort_by_key(|(told, _)| (told.severity, told.rule));
    all.into_iter().map(|(told, _)| told).collect()
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
        assert_eq!(counts(&findings), "1 error, 2 warnings");
        assert_eq!(counts(&[]), "none");
    }
}
