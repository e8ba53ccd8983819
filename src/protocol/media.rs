//! The headers of a posted body: it must be JSON and must not be compressed.
//!
//! The body itself is not looked at. A refused body is answered 415, with a header that says what is accepted.

use super::codes::ProblemCode;
use super::problem::Problem;

/// The media types of a post, as `Accept-Post` lists them. Others that end in `+json` are read like the first.
pub const ACCEPTED: &str =
    "application/json, application/cloudevents+json, application/cloudevents-batch+json";

/// Why a body is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsupported {
    /// It is not JSON.
    MediaType,
    /// It is compressed or otherwise encoded.
    Encoding,
}

impl Unsupported {
    /// The problem document, with status 415.
    pub fn problem(self) -> Problem {
        match self {
            Self::MediaType => {
                let detail =
                    "Events are JSON: send Content-Type: application/json, or CloudEvents as JSON.";
                let problem = Problem::new(ProblemCode::UnsupportedMediaType, detail);
                problem.with_header("accept-post", ACCEPTED)
            }
            Self::Encoding => {
                let detail = "The body must not be compressed: send it without Content-Encoding.";
                let problem = Problem::new(ProblemCode::UnsupportedEncoding, detail);
                problem.with_header("accept-encoding", "identity")
            }
        }
    }
}

/// Checks the headers of a body. A body without a content type counts as JSON, because many simple senders set none.
///
/// # Errors
/// [`Unsupported`] says which header is wrong.
pub fn check(
    content_type: Option<&str>,
    content_encoding: Option<&str>,
) -> Result<(), Unsupported> {
    if !content_type.is_none_or(is_json) {
        return Err(Unsupported::MediaType);
    }
    if !content_encoding.is_none_or(is_identity) {
        return Err(Unsupported::Encoding);
    }
    Ok(())
}

/// `application/json` and `application/*+json`, in any case, with any parameters.
fn is_json(content_type: &str) -> bool {
    let essence = essence(content_type).to_ascii_lowercase();
    let Some(subtype) = essence.strip_prefix("application/") else {
        return false;
    };
    let structured = subtype.strip_suffix("+json").is_some_and(|name| !name.is_empty());
    (subtype == "json" || structured) && subtype.bytes().all(is_token_byte)
}

/// A content type without its parameters.
pub(super) fn essence(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

/// Whether a name may contain this byte (RFC 9110, section 5.6.2).
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn is_identity(content_encoding: &str) -> bool {
    let coded = |coding: &str| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity");
    !content_encoding.split(',').map(str::trim).any(coded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_accepted_under_each_of_its_names_and_without_a_content_type() {
        for content_type in [
            None,
            Some("application/json"),
            Some("Application/JSON"),
            Some("application/json; charset=utf-8"),
            Some("application/json;charset=\"utf-8\";x=y"),
            Some(" application/json "),
            Some("application/cloudevents+json"),
            Some("application/vnd.example.event-batch+JSON; v=1"),
        ] {
            assert_eq!(check(content_type, None), Ok(()), "{content_type:?}");
        }
    }

    #[test]
    fn a_body_that_is_not_json_is_refused() {
        for content_type in [
            "",
            ";",
            "application/x-www-form-urlencoded",
            "text/plain",
            "text/json",
            "application/xml",
            "application/jsonp",
            "application/+json",
            "application/json+xml",
            "application/json, application/json",
            "application/x y+json",
            "application/a/b+json",
            "multipart/form-data; boundary=application/json",
            "json",
        ] {
            let refused = check(Some(content_type), None);
            assert_eq!(refused, Err(Unsupported::MediaType), "{content_type:?}");
        }
    }

    #[test]
    fn a_body_with_a_content_encoding_is_refused_unless_it_is_identity() {
        for encoding in [None, Some("identity"), Some("Identity"), Some(""), Some("identity, ")] {
            assert_eq!(check(Some("application/json"), encoding), Ok(()), "{encoding:?}");
        }
        for encoding in ["gzip", "br", "x", "identity, gzip", "identity;q=1"] {
            let refused = check(Some("application/json"), Some(encoding));
            assert_eq!(refused, Err(Unsupported::Encoding), "{encoding:?}");
        }
    }
}
