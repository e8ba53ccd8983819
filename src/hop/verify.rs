//! A token that a client has sent over its connection: the room asks its tenant about it, because a room has no keys.

use serde::{Deserialize, Serialize};

use crate::protocol::bearer::Bearer;
use crate::protocol::codes::Refusal;
use crate::protocol::grant::Grant;
use crate::protocol::ids::SessionId;
use crate::room::Verdict;

/// What a room asks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// The token.
    pub token: Bearer,
    /// The session of the room. The room checks by itself whether the grant allows it; the tenant may know that the user was
    /// revoked there.
    pub session: SessionId,
}

/// What the tenant answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// The token is good for this grant.
    Grant(Grant),
    /// The token is refused; the code of the refusal.
    Refused(String),
}

impl From<Result<Grant, Refusal>> for Answer {
    fn from(verified: Result<Grant, Refusal>) -> Self {
        match verified {
            Ok(grant) => Self::Grant(grant),
            Err(refusal) => Self::Refused(refusal.code().to_owned()),
        }
    }
}

impl From<Answer> for Verdict {
    fn from(answer: Answer) -> Self {
        match answer {
            Answer::Grant(grant) => Self::Granted(grant),
            Answer::Refused(code) => Self::Refused(Refusal::of_code(&code)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::time::Timestamp;

    #[test]
    fn the_form_of_a_question_is_unchanged() {
        let text = r#"{"token":"a.b.c","session":"s-1"}"#;
        let question: Question = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&question).unwrap(), text);
        assert!(!format!("{question:?}").contains("a.b.c"), "a token is not shown");
    }

    #[test]
    fn the_form_of_an_answer_is_unchanged() {
        let grant = Grant::new("ada".into(), Timestamp(7));
        let forms = [
            (Ok(grant.clone()), r#"{"grant":{"user":"ada","expires":7}}"#),
            (Err(Refusal::TokenExpired), r#"{"refused":"token_expired"}"#),
        ];
        for (verified, text) in forms {
            assert_eq!(serde_json::to_string(&Answer::from(verified)).unwrap(), text);
        }
    }

    #[test]
    fn a_verdict_is_what_was_answered() {
        let verdict = |text: &str| Verdict::from(serde_json::from_str::<Answer>(text).unwrap());
        let granted = verdict(r#"{"grant":{"user":"ada","expires":7}}"#);
        assert_eq!(granted, Verdict::Granted(Grant::new("ada".into(), Timestamp(7))));
        for refusal in Refusal::ALL {
            let text = serde_json::to_string(&Answer::from(Err(*refusal))).unwrap();
            assert_eq!(verdict(&text), Verdict::Refused(*refusal));
        }
        let unknown = verdict(r#"{"refused":"new_code"}"#);
        assert_eq!(unknown, Verdict::Refused(Refusal::TokenInvalid), "of another release");
    }
}
