//! Where the user sees how posting goes: stderr, on which a line can be rewritten if it is a terminal.
//!
//! Knows no counts. Nothing here influences what is sent.

use std::fmt::{Arguments, Display};
use std::io::{stderr, IsTerminal as _, Write as _};

/// Back to the start of the line, and clear it.
const REWRITE: &str = "\r\x1b[K";

/// Stderr, or nothing if the user wants to see errors only.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal {
    quiet: bool,
    rewrites: bool,
}

impl Terminal {
    /// This program's.
    pub(crate) fn new(quiet: bool) -> Self {
        Self { quiet, rewrites: !quiet && stderr().is_terminal() }
    }

    /// Whether a line can be rewritten.
    pub(crate) fn rewrites(self) -> bool {
        self.rewrites
    }

    /// Shows a text in the place of the last line, where that is possible.
    pub(crate) fn rewrite(self, text: impl Display) {
        if self.rewrites {
            show(format_args!("{REWRITE}{text}"));
        }
    }

    /// Shows a text on a line of its own.
    pub(crate) fn line(self, text: impl Display) {
        let start = if self.rewrites { REWRITE } else { "" };
        if !self.quiet {
            show(format_args!("{start}{text}\n"));
        }
    }

    /// Shows a message of this program on a line of its own.
    pub(crate) fn note(self, text: &str) {
        self.line(format_args!("roomcast: {text}"));
    }
}

fn show(text: Arguments<'_>) {
    // There is no other place to report that stderr cannot be written to.
    let _ = stderr().write_fmt(text);
}
