//! What is wrong with a network, or worth knowing.

use clap::Args;
use routehub::Severity;

use crate::exit::Run;
use crate::failure::Failure;
use crate::output::{Output, Style};
use crate::source::At;

/// Say what is wrong with a network, or worth knowing; exit code 1 if there is an error.
#[derive(Clone, Debug, Args)]
pub struct Lint {
    /// The network and the time.
    #[command(flatten)]
    pub at: At,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

impl Run for Lint {
    fn run(&self, output: &mut Output) -> Result<bool, Failure> {
        let findings = self.at.network()?.findings();
        if self.json {
            output.answer(true, &findings, "")?;
        } else if findings.is_empty() {
            output.text("nothing to say\n");
        }
        for finding in findings.iter().filter(|_| !self.json) {
            let (word, style) = severity(finding.severity);
            output.styled(style, format_args!("{word:7}"));
            let (rule, subject, text) = (finding.rule, &finding.subject, &finding.text);
            output.text(format_args!("  {rule}  {subject}: {text}\n"));
        }
        let is_error = |severity| severity == Severity::Error;
        Ok(!findings.iter().any(|finding| is_error(finding.severity)))
    }
}

/// How serious a finding is, in a word and its colour.
pub(crate) const fn severity(severity: Severity) -> (&'static str, Style) {
    match severity {
        Severity::Error => ("error", Style::Red),
        Severity::Warning => ("warning", Style::Yellow),
        Severity::Info => ("info", Style::Faint),
    }
}
