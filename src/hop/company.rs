//! What the objects of a room write to each other of who is here, and of signals: a [`Letter`] as JSON, which is answered by a reply as
//! JSON.
//!
//! What they mean is in `room/tree/company/`.

use crate::room::tree::company::letters::Letter;

/// The body of a letter.
pub fn encode(letter: &Letter) -> String {
    // Strings and numbers only, so encoding cannot fail. An object would refuse an empty body.
    serde_json::to_string(letter).unwrap_or_default()
}

/// Reads a letter; `None` when it is malformed.
pub fn decode(text: &str) -> Option<Letter> {
    serde_json::from_str(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hop::tests::same;
    use crate::room::tree::company::letters::Reply;

    #[test]
    fn the_form_of_a_letter_is_unchanged() {
        for text in [
            r#"{"say":{"relay":"weur.3","number":7,"listens":false}}"#,
            concat!(
                r#"{"say":{"relay":"weur.3","after":6,"number":7,"listens":true,"told":5,"#,
                r#""here":[["ada",{"at":4,"data":{"z":1.5}}],["bob",null],["cyn",{"at":4}]],"gone":["dan"]}}"#
            ),
            r#""call""#,
            r#"{"tell":{"number":7,"count":0}}"#,
            r#"{"tell":{"after":6,"number":7,"count":2,"put":[["ada",{"z":1.5}],["bob",null]],"gone":["dan"]}}"#,
            r#"{"signal":{"client":"00000000000000c1","data":"{}"}}"#,
            r#"{"signal":{"from":"any.0","client":"00000000000000c1","user":"ada","topic":"a","data":"{\"x\":1}"}}"#,
        ] {
            same::<Letter>(text);
            assert_eq!(decode(text).map(|letter| encode(&letter)).as_deref(), Some(text));
        }
        for bad in ["", "{}", r#"{"say":{}}"#, r#""signal""#] {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_form_of_a_reply_is_unchanged() {
        for text in [
            r#"{"has":7}"#,
            r#"{"has":null}"#,
            r#"{"persons":{"number":7,"listens":true,"here":[["ada",null]]}}"#,
            r#"{"persons":{"number":7,"listens":true,"told":5,"here":[]}}"#,
            r#""gone""#,
        ] {
            same::<Reply>(text);
        }
    }
}
