//! The headers of a post: in which form its events come, and by which scheme it is signed.
//!
//! Decides from headers alone. Whether a signature is right is checked in `auth`, and what the body says in `ingest`.

use super::media::essence;

/// The headers that are read of every post, in the order of [`PostHeaders::of`].
pub const NAMES: &str = "content-type,content-encoding,webhook-id,webhook-timestamp,\
    webhook-signature,ce-specversion,x-hub-signature-256,stripe-signature,traceparent";

/// How many they are. Each takes 0.7 µs to read, so the others are read of the few posts only that have them.
pub const COUNT: usize = 9;

/// What the names of headers begin with that are attributes of a `CloudEvent` (HTTP protocol binding, section 3.1.3).
const ATTRIBUTE: &str = "ce-";

/// What the names of GitHub's own headers begin with.
const GITHUB: &str = "x-github-";

/// The media type of one `CloudEvent`.
pub const CLOUD_EVENT: &str = "application/cloudevents+json";

/// The media type of a list of `CloudEvents`.
pub const CLOUD_EVENTS: &str = "application/cloudevents-batch+json";

/// The headers of a post.
#[derive(Debug, Clone, Default)]
pub struct PostHeaders<'h> {
    /// `content-type`
    pub content_type: Option<&'h str>,
    /// `content-encoding`
    pub content_encoding: Option<&'h str>,
    /// `webhook-id`
    pub id: Option<&'h str>,
    /// `webhook-timestamp`, in seconds since 1970: only digits, without a leading zero
    pub timestamp: Option<&'h str>,
    /// `webhook-signature`: a list of `v1,<base64>` and `v1a,<base64>`, separated by blanks
    pub signature: Option<&'h str>,
    /// `ce-specversion`
    pub specversion: Option<&'h str>,
    /// What GitHub sends.
    pub github: GitHubHeaders<'h>,
    /// `stripe-signature`: a list of `t=<seconds>` and `v1=<hex>`, separated by commas
    pub stripe: Option<&'h str>,
    /// `traceparent`, as it came
    pub trace: Option<&'h str>,
    /// The attributes of a `CloudEvent` in binary mode: names without `ce-`, and values as sent.
    pub attributes: Vec<(&'h str, &'h str)>,
}

/// The headers of GitHub's webhooks. Only the signature is protected: it covers the body and none of the headers.
#[derive(Debug, Clone, Copy, Default)]
pub struct GitHubHeaders<'h> {
    /// `x-hub-signature-256`: `sha256=<hex>`
    pub signature: Option<&'h str>,
    /// `x-github-event`, such as `pull_request`
    pub event: Option<&'h str>,
    /// `x-github-delivery`: the id of the event, the same when it is delivered again
    pub delivery: Option<&'h str>,
}

/// Who defined how a post is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// Standard Webhooks 1.0.0.
    Standard,
    /// GitHub.
    GitHub,
    /// Stripe.
    Stripe,
}

/// A post has headers of more than one scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mixed;

/// In which form the events of a post come, unless GitHub or Stripe signed it: they have forms of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// The domain event envelope.
    Envelope,
    /// One `CloudEvent` in structured mode.
    Structured,
    /// `CloudEvents` in batched mode.
    Batch,
    /// One `CloudEvent` in binary mode: its attributes are headers, its data is the body.
    Binary,
}

impl<'h> PostHeaders<'h> {
    /// The headers with these values, in the order of [`NAMES`].
    pub fn of(values: [Option<&'h str>; COUNT]) -> Self {
        let [content_type, content_encoding, id, timestamp, signature, ..] = values;
        let [.., specversion, hub, stripe, trace] = values;
        let github = GitHubHeaders { signature: hub, ..GitHubHeaders::default() };
        let attributes = Vec::new();
        Self {
            content_type,
            content_encoding,
            id,
            timestamp,
            signature,
            specversion,
            github,
            stripe,
            trace,
            attributes,
        }
    }

    /// What the names of the headers begin with that have to be read too, if any; see [`PostHeaders::with`].
    pub fn more(&self) -> Option<&'static str> {
        let binary = || (self.form() == Form::Binary).then_some(ATTRIBUTE);
        self.github.signature.map(|_| GITHUB).or_else(binary)
    }

    /// Adds headers, one per line, as `name:value`.
    #[must_use]
    pub fn with(mut self, lines: &'h str) -> Self {
        for (name, value) in lines.lines().filter_map(|line| line.split_once(':')) {
            let value = value.trim();
            match (name.strip_prefix(ATTRIBUTE), name.strip_prefix(GITHUB)) {
                (Some(attribute), _) => self.attributes.push((attribute, value)),
                (_, Some("event")) => self.github.event = Some(value),
                (_, Some("delivery")) => self.github.delivery = Some(value),
                _ => {}
            }
        }
        self
    }

    /// The scheme whose headers the post has; `Standard` if it has none.
    ///
    /// # Errors
    /// It has headers of several schemes, so that it would depend on the order of checks what it means.
    pub fn scheme(&self) -> Result<Scheme, Mixed> {
        let standard = self.id.or(self.timestamp).or(self.signature).is_some();
        match (standard, self.github.signature, self.stripe) {
            (_, None, None) => Ok(Scheme::Standard),
            (false, Some(_), None) => Ok(Scheme::GitHub),
            (false, None, Some(_)) => Ok(Scheme::Stripe),
            _ => Err(Mixed),
        }
    }

    /// The form of the events. The content type comes first (HTTP protocol binding, section 3).
    pub fn form(&self) -> Form {
        let content_type = essence(self.content_type.unwrap_or_default());
        // A batch comes first in the specification, because its name begins with that of a single event.
        if content_type.eq_ignore_ascii_case(CLOUD_EVENTS) {
            Form::Batch
        } else if content_type.eq_ignore_ascii_case(CLOUD_EVENT) {
            Form::Structured
        } else if self.specversion.is_some() {
            Form::Binary
        } else {
            Form::Envelope
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers<'h>(pairs: &[(&str, &'h str)]) -> PostHeaders<'h> {
        let mut names = NAMES.split(',');
        PostHeaders::of(std::array::from_fn(|_| {
            let name = names.next().unwrap();
            pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
        }))
    }

    #[test]
    fn the_headers_decide_the_scheme_and_must_not_be_of_several() {
        let scheme = |names: &[&str]| {
            let pairs: Vec<_> = names.iter().map(|name| (*name, "x")).collect();
            headers(&pairs).scheme()
        };
        assert_eq!(NAMES.split(',').count(), COUNT);
        assert_eq!(scheme(&[]), Ok(Scheme::Standard));
        assert_eq!(scheme(&["webhook-id"]), Ok(Scheme::Standard));
        assert_eq!(scheme(&["x-hub-signature-256"]), Ok(Scheme::GitHub));
        assert_eq!(scheme(&["stripe-signature"]), Ok(Scheme::Stripe));
        assert_eq!(scheme(&["x-github-event", "x-github-delivery"]), Ok(Scheme::Standard));
        for several in [
            &["webhook-timestamp", "x-hub-signature-256"],
            &["webhook-signature", "stripe-signature"],
            &["x-hub-signature-256", "stripe-signature"],
        ] {
            assert_eq!(scheme(several), Err(Mixed), "{several:?}");
        }
    }

    #[test]
    fn the_content_type_decides_the_form_before_the_attributes_do() {
        let form = |content_type: &'static str, specversion: Option<&'static str>| {
            let content_type = Some(content_type);
            PostHeaders { content_type, specversion, ..PostHeaders::default() }.form()
        };
        assert_eq!(form("application/json", None), Form::Envelope);
        assert_eq!(form("application/vnd.x+json", None), Form::Envelope);
        assert_eq!(form("application/json", Some("1.0")), Form::Binary);
        for specversion in [None, Some("1.0")] {
            assert_eq!(
                form("Application/CloudEvents+JSON; charset=utf-8", specversion),
                Form::Structured
            );
            assert_eq!(form("application/cloudevents-batch+json", specversion), Form::Batch);
        }
        assert_eq!(PostHeaders::default().form(), Form::Envelope);
    }

    #[test]
    fn more_headers_are_read_of_the_few_posts_that_have_them() {
        assert_eq!(headers(&[("webhook-id", "m")]).more(), None);
        let binary = headers(&[("ce-specversion", "1.0")]);
        assert_eq!(binary.more(), Some("ce-"));
        let binary = binary.with("ce-id:a:b\nce-source: /x \nother:1\nx");
        assert_eq!(binary.attributes, [("id", "a:b"), ("source", "/x")]);
        let github = headers(&[("x-hub-signature-256", "s"), ("ce-specversion", "1.0")]);
        assert_eq!(github.more(), Some("x-github-"));
        let github =
            github.with("x-github-delivery:1\nx-github-event:push\nx-github-hook-id:2").github;
        assert_eq!((github.event, github.delivery), (Some("push"), Some("1")));
        assert_eq!(github.signature, Some("s"));
    }
}
