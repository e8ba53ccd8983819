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

    /// The events of a body. An event that has no time of its own occurred when it was signed.
    ///
    /// # Errors
    /// [`Rejected`] if any event is malformed, or if there are too many events or bytes.
    pub fn decode(&self, body: &[u8], signed: Timestamp) -> Result<Vec<Event>, Rejected> {
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
