//! What became of a posted event. `ingest` and the room decide it.

use serde::{Deserialize, Serialize};

use crate::protocol::ids::{Seq, SessionId};

/// Makes a type from its rows, which serde writes with their codes, and the list of these codes.
macro_rules! written {
    (
        $(#[$about:meta])*
        $Kind:ident {
            $($(#[$meaning:meta])* $code:literal => $Code:ident $({ $($fields:tt)* })?,)+
        }
    ) => {
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[cfg_attr(not(target_arch = "wasm32"), derive(schemars::JsonSchema))]
        $(#[$about])*
        pub enum $Kind {
            $($(#[$meaning])* #[serde(rename = $code)] $Code $({ $($fields)* })?,)+
        }

        impl $Kind {
            /// All codes, in the order of the table.
            pub const CODES: &'static [&'static str] = &[$($code),+];
        }
    };
}

written! {
    /// What can become of a well-formed event.
    #[serde(tag = "status")]
    Outcome {
        /// It is durable, and its update is sent to the session's members.
        "accepted" => Accepted {
            /// The session it belongs to.
            session: SessionId,
            /// Its number there.
            seq: Seq,
        },
        /// It was accepted before.
        "duplicate" => Duplicate {
            /// The session it belongs to.
            session: SessionId,
            /// The number it got the first time.
            seq: Seq,
        },
        /// The update that its key holds occurred later, so it changes nothing.
        "superseded" => Superseded {
            /// The session it belongs to.
            session: SessionId,
            /// The number of the update that occurred later.
            seq: Seq,
        },
        /// It is shown to nobody.
        "ignored" => Ignored {
            /// Why.
            reason: IgnoredBecause,
            /// What exactly is wrong with it.
            #[serde(default, skip_serializing_if = "Option::is_none")]
            detail: Option<String>,
        },
        /// Its room has not accepted it: repeat the request.
        "failed" => Failed {
            /// The session it belongs to, if that is known.
            #[serde(skip_serializing_if = "Option::is_none")]
            session: Option<SessionId>,
        },
    }
}

written! {
    /// Why an event is shown to nobody.
    #[derive(Copy)]
    IgnoredBecause {
        /// The event map has no row for its type.
        "unknown_event_type" => UnknownEventType,
        /// It names no session, and no earlier event of its aggregate did.
        "no_session" => NoSession,
        /// It does not have what the event map needs, and the event map says to skip such events.
        "invalid" => Invalid,
    }
}
