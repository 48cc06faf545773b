//! What a sweep found as JUnit XML: a case for each failure, which fails where a promise breaks.

use std::fmt::Write as _;

use super::report::Report;

/// The report as XML.
pub(crate) fn xml(title: &str, report: &Report) -> String {
    let outcomes = &report.outcomes;
    let failing = outcomes.iter().filter(|outcome| !outcome.broken.is_empty());
    let failures = failing.count() + usize::from(!report.broken.is_empty());
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    // Writing to a String cannot fail.
    let _ = writeln!(
        xml,
        "<testsuite name=\"{}\" tests=\"{}\" failures=\"{failures}\">",
        escaped(title),
        outcomes.len() + 1,
    );
    case(&mut xml, "nothing has failed", &report.broken, &[]);
    for outcome in outcomes {
        let told = outcome.impacts.iter();
        let told = told.map(|impact| {
            format!(
                "{}: {} -> {}: {}",
                impact.kind, impact.from, impact.to, impact.because
            )
        });
        let told: Vec<String> = told.collect();
        case(
            &mut xml,
            &outcome.failed.join(" and "),
            &outcome.broken,
            &told,
        );
    }
    xml.push_str("</testsuite>\n");
    xml
}

fn case(xml: &mut String, name: &str, broken: &[impl ToString], told: &[String]) {
    let _ = write!(
        xml,
        "  <testcase classname=\"sweep\" name=\"{}\"",
        escaped(name)
    );
    if broken.is_empty() && told.is_empty() {
        xml.push_str("/>\n");
        return;
    }
    xml.push_str(">\n");
    if !broken.is_empty() {
        let lines: Vec<String> = broken.iter().map(ToString::to_string).collect();
        let first = lines.first().map_or("", String::as_str);
        let _ = writeln!(
            xml,
            "    <failure message=\"{}\">{}</failure>",
            escaped(first),
            escaped(&lines.join("\n")),
        );
    }
    if !told.is_empty() {
        let _ = writeln!(
            xml,
            "    <system-out>{}</system-out>",
            escaped(&told.join("\n"))
        );
    }
    xml.push_str("  </testcase>\n");
}

/// A text in XML; what XML cannot have is left out.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(c),
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}
