//! Whether what is said is what should be said: findings, explanations and traces.

use routehub::Finding;

use super::compare::Report;
use super::pattern::{
    AbsentFinding, Expectation, ExpectedExplanation, ExpectedFinding, ExpectedTrace, Note,
};
use crate::tables::Snapshot;
use crate::tables::cells::Fields;

impl Report {
    /// Compares what should be said with what is said.
    pub(super) fn words(&mut self, expectation: &Expectation, seen: &dyn Snapshot) {
        let Expectation {
            findings,
            absent_findings,
            findings_complete,
            explains,
            traces,
            ..
        } = expectation;
        if findings_complete.is_some() || !findings.is_empty() || !absent_findings.is_empty() {
            let seen = seen.findings();
            for finding in findings {
                self.finding(finding, &seen);
            }
            if let Some(line) = findings_complete {
                self.no_other_findings(findings, *line, &seen);
            }
            for absent in absent_findings {
                self.absent_finding(absent, &seen);
            }
        }
        for explanation in explains {
            self.explanation(explanation, seen);
        }
        for trace in traces {
            self.trace(trace, seen);
        }
    }

    fn finding(&mut self, expected: &ExpectedFinding, seen: &[Finding]) {
        let fields = expected.fields();
        let related = seen
            .iter()
            .filter(|finding| finding.rule == expected.rule || finding.subject == expected.subject);
        let related: Vec<Fields> = related.map(Fields::finding).collect();
        let holds = related.iter().any(|finding| fields.are_of(finding));
        self.count(&expected.note, holds, &"findings", &fields, related.iter());
    }

    fn no_other_findings(&mut self, expected: &[ExpectedFinding], line: usize, seen: &[Finding]) {
        let note = Note {
            line,
            ..Note::default()
        };
        for finding in seen.iter().map(Fields::finding) {
            let mut expected = expected.iter();
            if !expected.any(|expected| expected.fields().are_of(&finding)) {
                let finding = std::iter::once(finding);
                self.differ(&note, &"findings", &"no other findings (complete)", finding);
            }
        }
    }

    fn absent_finding(&mut self, absent: &AbsentFinding, seen: &[Finding]) {
        let fields = absent.fields();
        let there = seen.iter().map(Fields::finding);
        let there: Vec<Fields> = there.filter(|finding| fields.are_of(finding)).collect();
        let expected = format!("absent: {fields}");
        self.count(
            &absent.note,
            there.is_empty(),
            &"findings",
            &expected,
            there.iter(),
        );
    }

    fn explanation(&mut self, expected: &ExpectedExplanation, seen: &dyn Snapshot) {
        let said = seen.explanation(&expected.name, expected.destination);
        let said = said.unwrap_or_default();
        let plain = plain(&said);
        let mut phrases = expected.says.iter();
        let holds = !said.is_empty() && phrases.all(|phrase| plain.contains(&self::plain(phrase)));
        let (fields, lines) = (expected.fields(), said.lines());
        self.count(&expected.note, holds, &"explains", &fields, lines);
    }

    fn trace(&mut self, expected: &ExpectedTrace, seen: &dyn Snapshot) {
        let trace = seen.trace(&expected.from, &expected.to);
        let holds = trace.as_ref().is_some_and(|trace| {
            let arrives = expected.should_arrive();
            let (via, at) = (expected.via.as_ref(), expected.at.as_ref());
            arrives.is_none_or(|arrives| trace.arrives() == arrives)
                && via.is_none_or(|names| trace.passes(names))
                && at.is_none_or(|name| trace.ends_at(name))
        });
        let text = trace.map(|trace| trace.to_string()).unwrap_or_default();
        let fields = expected.fields();
        self.count(&expected.note, holds, &"traces", &fields, text.lines());
    }
}

/// A text in lower case, with one blank wherever there are some.
fn plain(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    words.join(" ").to_lowercase()
}
