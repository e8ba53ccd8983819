//! Every code on the wire: what went wrong, what became of an event, and whether a client should come back.
//!
//! This is the one table of codes. A code that is not listed here cannot be sent, because problems, closes and errors
//! are made from these types and never from a text. Each kind lists all of its codes, and `tests/codes.rs` compares
//! them with `docs/protocol.md`, the vectors and the types of the client. `docs/protocol.md` says what each code means.

/// Makes a kind of code from its rows: the type, the list of its codes, and the row of each code.
macro_rules! table {
    (
        $(#[doc = $about:literal])+
        $Kind:ident: $Row:ty {
            $($(#[doc = $meaning:literal])+ $Code:ident => $row:expr,)+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $Kind {
            $($(#[doc = $meaning])+ $Code,)+
        }

        impl $Kind {
            /// All of them, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$Code),+];

            /// What is said of it above, for the types of the client and for documents of the wire.
            #[cfg(not(target_arch = "wasm32"))]
            pub const ABOUT: &'static str = concat!($($about, "\n"),+);

            /// What is said of a row, for the types of the client and for documents of the wire.
            #[cfg(not(target_arch = "wasm32"))]
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$Code => concat!($($meaning, "\n"),+),)+
                }
            }

            const fn row(self) -> &'static $Row {
                match self {
                    $(Self::$Code => {
                        const ROW: &$Row = &$row;
                        ROW
                    })+
                }
            }
        }
    };
}

mod close;
mod event_fault;
mod frame_fault;
pub mod outcome;
mod problem_code;
mod refusal;

pub use close::{
    close_answer, reconnect, ClientFault, CloseCode, CloseReason, Reconnect, ABNORMAL, NORMAL,
    NO_CODE, PROTOCOL_ERROR,
};
pub use event_fault::EventFault;
pub use frame_fault::FrameFault;
pub use problem_code::ProblemCode;
pub use refusal::Refusal;
