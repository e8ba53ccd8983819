//! The manual: the pages that are written for readers, and the blocks of code in them. Reads them; judges and runs nothing.
//!
//! After the language of a block, where no reader sees it, marks say how its commands are known to work:
//!
//! | mark | means |
//! | --- | --- |
//! | `run` | `tests/e2e/manual.rs` runs the block as it stands, against a server of its own; after lines that begin with `$ ` the output follows |
//! | `run=dev` | the same file starts this command, looks at what it serves, and ends it |
//! | `file=NAME` | the block is a file, which the commands after it find |
//! | `into=NAME` | the block has fields that are added to that file |
//! | `test=NAME` | the test of this name runs it, or the same with other arguments |
//! | `not-here="WHY"` | no test runs it |

#[path = "../written/mod.rs"]
pub(crate) mod written;

use std::path::PathBuf;

use written::{files, root};

/// A page.
#[derive(Debug)]
pub(crate) struct Page {
    /// Its path in the repository.
    pub(crate) path: String,
    /// The page.
    pub(crate) text: String,
}

/// A block of code.
#[derive(Debug)]
pub(crate) struct Block {
    /// The page, and the line in which it begins.
    pub(crate) place: String,
    /// Its language; none if it is only indented.
    pub(crate) language: String,
    /// What follows the language: names and values.
    marks: Vec<(String, String)>,
    /// The code.
    pub(crate) code: String,
}

impl Block {
    /// The value of a mark, `""` if it has none; `None` if the block does not have the mark.
    pub(crate) fn mark(&self, name: &str) -> Option<&str> {
        let mark = self.marks.iter().find(|(known, _)| known == name);
        mark.map(|(_, value)| value.as_str())
    }
}

/// The marks in what follows a language. A value in quotation marks may have blanks.
fn read_marks(text: &str) -> Vec<(String, String)> {
    let mut quoted = false;
    let words = text.split(|c: char| {
        quoted ^= c == '"';
        c == ' ' && !quoted
    });
    let mark = |word: &str| {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        (name.to_owned(), value.trim_matches('"').to_owned())
    };
    words.filter(|word| !word.is_empty()).map(mark).collect()
}

/// All pages.
pub(crate) fn pages() -> Vec<Page> {
    let page = |(path, text): (PathBuf, String)| {
        let path = path.strip_prefix(root()).unwrap().display().to_string();
        Page { path, text }
    };
    let mut pages: Vec<Page> = files(&root(), &["md"]).into_iter().map(page).collect();
    pages.sort_by(|one, other| one.path.cmp(&other.path));
    pages
}

impl Page {
    /// Its blocks of code, in order.
    pub(crate) fn blocks(&self) -> Vec<Block> {
        let mut blocks: Vec<Block> = Vec::new();
        let (mut open, mut before) = (false, "");
        for (index, line) in self.text.lines().enumerate() {
            let indented = line.strip_prefix("    ");
            if let Some(fence) = line.trim_start().strip_prefix("```") {
                open = !open;
                if open {
                    let (language, marks) = fence.split_once(' ').unwrap_or((fence, ""));
                    blocks.push(self.block(index, language, marks));
                }
            } else if open {
                push(&mut blocks, line);
            } else if let Some(code) = indented {
                // Without a blank line before it, it continues an item of a list.
                if before.trim().is_empty() {
                    blocks.push(self.block(index, "", ""));
                    push(&mut blocks, code);
                } else if before.starts_with("    ")
                    && blocks.last().is_some_and(|last| last.language.is_empty())
                {
                    push(&mut blocks, code);
                }
            }
            before = line;
        }
        blocks
    }

    fn block(&self, index: usize, language: &str, marks: &str) -> Block {
        let place = format!("{}:{}", self.path, index + 1);
        Block {
            place,
            language: language.to_owned(),
            marks: read_marks(marks),
            code: String::new(),
        }
    }
}

fn push(blocks: &mut [Block], line: &str) {
    if let Some(block) = blocks.last_mut() {
        block.code.push_str(line);
        block.code.push('\n');
    }
}
