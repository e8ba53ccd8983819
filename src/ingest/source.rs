//! Where the events of a post come from, and how they are decoded.
//!
//! The scheme of the signature comes first: GitHub and Stripe have forms of their own. For posts that are signed as in
//! Standard Webhooks, content type and `ce-specversion` decide. Whatever the source is, the result is the same type, so
//! that nothing after this knows it.

use super::body::Rejected;
use super::{cloudevents, envelope, github, stripe};
use crate::preset::event::Event;
use crate::protocol::post::{Form, PostHeaders, Scheme};
use crate::protocol::time::Timestamp;
use crate::protocol::trace::TraceParent;

/// The source of a post, with what its headers say about its events.
#[derive(Debug, Clone)]
pub enum Source<'h> {
    /// A backend that posts the domain event envelope.
    Envelope,
    /// One `CloudEvent` in structured mode.
    Structured,
    /// `CloudEvents` in batched mode.
    Batch,
    /// One `CloudEvent` in binary mode, with its attributes: names without `ce-`, values as sent.
    Binary(&'h [(&'h str, &'h str)]),
    /// GitHub.
    GitHub(github::Delivery<'h>),
    /// Stripe.
    Stripe,
}

impl<'h> Source<'h> {
    /// The source of a post that is signed by this scheme.
    pub fn of(headers: &'h PostHeaders<'h>, scheme: Scheme) -> Self {
        let github = &headers.github;
        match (scheme, headers.form()) {
            (Scheme::GitHub, _) => {
                Self::GitHub(github::Delivery { event: github.event, id: github.delivery })
            }
            (Scheme::Stripe, _) => Self::Stripe,
            (Scheme::Standard, Form::Envelope) => Self::Envelope,
            (Scheme::Standard, Form::Structured) => Self::Structured,
            (Scheme::Standard, Form::Batch) => Self::Batch,
            (Scheme::Standard, Form::Binary) => Self::Binary(&headers.attributes),
        }
    }

    /// The events of a body. An event that has no time of its own occurred when it was signed, and one that names no trace
    /// belongs to that of the request.
    ///
    /// # Errors
    /// [`Rejected`] if any event is malformed, or if there are too many events or bytes.
    pub fn decode(
        &self,
        body: &[u8],
        signed: Timestamp,
        trace: Option<&TraceParent>,
    ) -> Result<Vec<Event>, Rejected> {
        let mut events = self.events(body, signed)?;
        for event in &mut events {
            event.trace = event.trace.take().or_else(|| trace.cloned());
        }
        Ok(events)
    }

    fn events(&self, body: &[u8], signed: Timestamp) -> Result<Vec<Event>, Rejected> {
        match self {
            Self::Envelope => envelope::decode(body),
            Self::Structured => cloudevents::structured(body, signed),
            Self::Batch => cloudevents::batch(body, signed),
            Self::Binary(attributes) => cloudevents::binary(attributes, body, signed),
            Self::GitHub(delivery) => github::decode(delivery, body, signed),
            Self::Stripe => stripe::decode(body),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{json, Value};

    use super::*;

    const OWN: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    const OF_REQUEST: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

    fn envelope(traceparent: &Value) -> String {
        json!({"event_id": "e-1", "event_type": "session.renamed", "aggregate_type": "Session",
            "aggregate_id": "s-1", "occurred_at": "2026-01-07T10:00:00Z",
            "payload": {"title": "x"}, "metadata": {"traceparent": traceparent}})
        .to_string()
    }

    fn cloud_event(traceparent: &str) -> String {
        json!({"specversion": "1.0", "id": "1", "source": "/s", "type": "t", "data": {},
            "traceparent": traceparent})
        .to_string()
    }

    fn traced(source: &Source<'_>, body: &str, request: Option<&str>) -> Option<String> {
        let request = request.and_then(TraceParent::parse);
        let events = source.decode(body.as_bytes(), Timestamp(0), request.as_ref()).unwrap();
        events[0].trace.as_ref().map(|trace| trace.as_str().to_owned())
    }

    #[test]
    fn an_event_belongs_to_its_own_trace_or_else_to_that_of_its_request() {
        let (own, of_request) = (Some(OWN.to_owned()), Some(OF_REQUEST.to_owned()));
        for (source, body) in
            [(Source::Envelope, envelope(&json!(OWN))), (Source::Structured, cloud_event(OWN))]
        {
            assert_eq!(traced(&source, &body, Some(OF_REQUEST)), own);
        }
        let none = json!({"event_id": "e-1", "event_type": "session.renamed",
            "aggregate_type": "Session", "aggregate_id": "s-1",
            "occurred_at": "2026-01-07T10:00:00Z", "payload": {"title": "x"}});
        for body in [none.to_string(), envelope(&json!("00-x")), envelope(&json!(7))] {
            assert_eq!(traced(&Source::Envelope, &body, Some(OF_REQUEST)), of_request);
            assert_eq!(traced(&Source::Envelope, &body, None), None);
        }
        assert_eq!(traced(&Source::Structured, &cloud_event("?"), Some("?")), None);
    }
}
