use super::*;

/// The events of `input`, as `line:text`, and the error that ended it.
fn framed(input: &str) -> (Vec<String>, Option<String>) {
    let mut framing = Framing::new();
    let mut events = Vec::new();
    for byte in input.bytes() {
        match framing.push(byte) {
            Ok(None) => {}
            Ok(Some(Event { line, text })) => events.push(format!("{line}:{text}")),
            Err(failure) => return (events, Some(failure.to_string())),
        }
    }
    (events, framing.end().err().map(|failure| failure.to_string()))
}

fn events(input: &str) -> Vec<String> {
    let (events, error) = framed(input);
    assert_eq!(error, None, "{input:?}");
    events
}

fn error(input: &str) -> String {
    framed(input).1.unwrap()
}

#[test]
fn an_object_json_lines_and_an_array_are_recognized() {
    assert_eq!(events("{\"a\":1}"), ["1:{\"a\":1}"]);
    assert_eq!(events("{\"a\":1}\n\n{\"b\":2}\r\n"), ["1:{\"a\":1}", "3:{\"b\":2}"]);
    assert_eq!(events("[{\"a\":1},{\"b\":[2]}]"), ["1:{\"a\":1}", "1:{\"b\":[2]}"]);
    assert_eq!(
        events("[\n  {\n\"a\": [{}, {}]\n},\n  {}\n]\n"),
        ["2:{\n\"a\": [{}, {}]\n}", "5:{}"]
    );
    assert!(events("").is_empty() && events(" \n").is_empty() && events("[]").is_empty());
}

#[test]
fn an_event_is_handed_out_at_its_closing_brace() {
    assert_eq!(framed("[{},").0, ["1:{}"]);
    assert_eq!(framed("{}{\"a\"").0, ["1:{}"]);
}

#[test]
fn braces_within_strings_do_not_count() {
    let event = r#"{"a":"}{][\"}\\","b":"ü,"}"#;
    assert_eq!(events(event), [format!("1:{event}")]);
}

#[test]
fn a_missing_brace_is_noticed_on_its_own_line() {
    let missing = "the object that starts here is not closed: a `}` is missing";
    for lines in
        ["{}\n{\"a\":1\n{\"b\":2}\n", "{}\n{\"a\":1,\n{\"b\":2}\n", "{}\n{\"a\":{}\n\n{}\n"]
    {
        assert_eq!(error(lines), format!("line 2: {missing}"), "{lines:?}");
    }
    assert_eq!(error("{}\n\n{\"a\":1"), format!("line 3: {missing}"));
}

#[test]
fn a_missing_quote_is_noticed_on_its_own_line() {
    assert!(error("{}\n{\"a\":\"b}\n{}\n").starts_with("line 2: a string is not closed"));
}

#[test]
fn only_an_object_is_an_event() {
    for text in ["1", "\"a\"", "null", "[1]", "[[]]", "{},{}", "// no\n"] {
        assert!(error(text).starts_with("line 1: an event must be a JSON object"), "{text:?}");
    }
    for text in ["}", "[}", "[{},]x", "[{}}", "[,{}]", "[{},,{}]", "[{}{}]", "[{}", "{]"] {
        assert!(error(text).starts_with("line 1: "), "{text:?}");
    }
}

#[test]
fn a_fault_within_an_event_is_reported_with_its_line() {
    assert_eq!(
        error("{}\n{\n\"a\": nil\n}"),
        "line 3: the event is not JSON: expected ident in column 7"
    );
}

#[test]
fn an_event_that_no_request_can_hold_is_refused_before_it_fills_the_memory() {
    let fits = format!("{{\"a\":\"{}\"}}", "x".repeat(EVENT_BYTES - 8));
    assert_eq!(fits.len(), EVENT_BYTES);
    assert_eq!(events(&fits).len(), 1);
    let long = format!("\n{{\"a\":\"{}", "x".repeat(EVENT_BYTES));
    assert!(error(&long).starts_with("line 2: the event is over 262142 bytes"));
}
