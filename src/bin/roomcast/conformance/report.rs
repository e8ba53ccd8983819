//! What the checks found: a line for each on stdout, and `JUnit` XML for those who collect it.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use roomcast::deployment::failure::Failure;

/// What one check found.
pub(super) struct Finding {
    pub(super) group: &'static str,
    pub(super) fact: &'static str,
    /// What is otherwise.
    pub(super) fault: Option<String>,
    pub(super) took: Duration,
}

/// What all checks found so far.
#[derive(Default)]
pub(super) struct Report {
    results: Vec<Finding>,
}

impl Report {
    /// Notes a result and prints it.
    pub(super) fn add(&mut self, result: Finding) {
        println!("{}", line(&result));
        self.results.push(result);
    }

    fn failed(&self) -> usize {
        self.results.iter().filter(|result| result.fault.is_some()).count()
    }

    /// Prints the count.
    ///
    /// # Errors
    /// A check failed, or there was none.
    pub(super) fn end(&self) -> Result<(), Failure> {
        let (all, failed) = (self.results.len(), self.failed());
        println!("{} of {all} checks passed", all - failed);
        match (all, failed) {
            (0, _) => Err(Failure::Input("no check has such a name".to_owned())),
            (_, 0) => Ok(()),
            _ => Err(Failure::Refused(format!("{failed} of {all} checks failed"))),
        }
    }

    /// Writes the results as `JUnit` XML.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn write_junit(&self, file: &Path) -> Result<(), Failure> {
        fs::write(file, self.junit())
            .map_err(|error| Failure::Input(format!("{}: {error}", file.display())))
    }

    fn junit(&self) -> String {
        let (all, failed) = (self.results.len(), self.failed());
        let took: Duration = self.results.iter().map(|result| result.took).sum();
        let mut xml = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"roomcast conformance\" tests=\"{all}\" failures=\"{failed}\" time=\"{:.3}\">\n",
            took.as_secs_f64()
        );
        for Finding { group, fact, fault, took } in &self.results {
            let (fact, took) = (escaped(fact), took.as_secs_f64());
            // Writing into a text cannot fail.
            let _ =
                write!(xml, "  <testcase classname=\"{group}\" name=\"{fact}\" time=\"{took:.3}\"");
            let _ = match fault {
                None => writeln!(xml, "/>"),
                Some(fault) => {
                    writeln!(xml, "><failure message=\"{}\"/></testcase>", escaped(fault))
                }
            };
        }
        xml + "</testsuite>\n"
    }
}

fn line(result: &Finding) -> String {
    let Finding { group, fact, fault, .. } = result;
    match fault {
        None => format!("ok      {group}: {fact}"),
        Some(fault) => format!("FAILED  {group}: {fact}\n        {fault}"),
    }
}

/// A text within an attribute. XML knows no control characters.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for one in text.chars() {
        match one {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            one if one.is_control() || matches!(one, '\u{fffe}' | '\u{ffff}') => safe.push(' '),
            one => safe.push(one),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(fault: Option<&str>) -> Finding {
        let fault = fault.map(str::to_owned);
        Finding { group: "wire", fact: "a <frame>", fault, took: Duration::from_millis(1_500) }
    }

    #[test]
    fn a_fault_stands_in_the_xml_whatever_it_says() {
        let report = Report { results: vec![result(None), result(Some("\"a\" & \u{1}b"))] };
        let wanted = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
            <testsuite name=\"roomcast conformance\" tests=\"2\" failures=\"1\" time=\"3.000\">\n  \
            <testcase classname=\"wire\" name=\"a &lt;frame&gt;\" time=\"1.500\"/>\n  \
            <testcase classname=\"wire\" name=\"a &lt;frame&gt;\" time=\"1.500\"><failure message=\"&quot;a&quot; &amp;  b\"/></testcase>\n\
            </testsuite>\n";
        assert_eq!(report.junit(), wanted);
    }

    #[test]
    fn one_fault_or_no_check_at_all_is_a_failure() {
        let end = |results| Report { results }.end().map_err(|failure| failure.exit_code());
        assert_eq!(end(vec![result(None)]), Ok(()));
        assert_eq!(end(vec![result(None), result(Some("no"))]), Err(1));
        assert_eq!(end(Vec::new()), Err(2));
    }
}
