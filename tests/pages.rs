//! The manual: its links lead somewhere, its pages can be found, and every command in it says how it is known to work.
//! `tests/e2e/manual.rs` runs those that a test can run.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

mod manual;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use manual::written::{files, root};
use manual::{pages, Block, Page};

/// The languages in which commands are written.
const COMMANDS: [&str; 4] = ["sh", "bash", "shell", "console"];

/// With what a line begins that is a command.
const PROGRAMS: [&str; 24] = [
    "scripts/",
    "cargo ",
    "npm ",
    "npx ",
    "node ",
    "roomcast ",
    "curl ",
    "cd ",
    "export ",
    "pip ",
    "python",
    "jq ",
    "sudo ",
    "systemctl ",
    "docker ",
    "psql ",
    "redis-",
    "openssl ",
    "git ",
    "target/",
    "$ ",
    "echo ",
    "set ",
    "node_modules/",
];

/// With what a path begins that a command names.
const NAMED: [&str; 6] =
    ["scripts/", "examples/", "presets/", "tests/", "selfhost/", "monitoring/"];

#[test]
fn every_link_leads_somewhere() {
    let pages = pages();
    let mut dead = Vec::new();
    for page in &pages {
        for link in links(&prose(page)) {
            if !leads(page, &link, &pages) {
                dead.push(format!("{}: {link}", page.path));
            }
        }
    }
    assert!(dead.is_empty(), "these links lead nowhere:\n{}", dead.join("\n"));
}

/// The text of a page without blocks of code.
fn prose(page: &Page) -> String {
    let mut open = false;
    let outside = page.text.lines().filter(|line| {
        let fence = line.trim_start().starts_with("```");
        open ^= fence;
        !open && !fence && !line.starts_with("    ")
    });
    outside.collect::<Vec<_>>().join("\n")
}

/// The targets of the links that stay in the repository.
fn links(text: &str) -> Vec<String> {
    let found = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
    found.filter(|link| !link.contains(':')).map(str::to_owned).collect()
}

fn leads(page: &Page, link: &str, pages: &[Page]) -> bool {
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let path = if file.is_empty() { page.path.clone() } else { beside(&page.path, file) };
    if !root().join(&path).exists() {
        return false;
    }
    if anchor.is_empty() {
        return true;
    }
    let path = if root().join(&path).is_dir() {
        format!("{}/README.md", path.trim_end_matches('/'))
    } else {
        path
    };
    let target = pages.iter().find(|page| page.path == path);
    target.is_some_and(|page| anchors(page).contains(anchor))
}

/// The path of a file that a page names.
fn beside(page: &str, file: &str) -> String {
    let mut path = Path::new(page).parent().unwrap().to_path_buf();
    for part in Path::new(file).components() {
        match part.as_os_str().to_str().unwrap() {
            ".." => assert!(path.pop(), "{page}: {file} leads out of the repository"),
            "." => {}
            name => path.push(name),
        }
    }
    path.display().to_string()
}

/// What GitHub makes of headings: lower case, blanks as hyphens, no other signs; a second one of the same name gets a number.
fn anchors(page: &Page) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    for heading in page.text.lines().filter(|line| line.starts_with('#')) {
        let kept = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = kept.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        let anchor = kept.collect::<String>().replace(' ', "-");
        let again = (1..).map(|number| format!("{anchor}-{number}"));
        let free = std::iter::once(anchor.clone()).chain(again).find(|one| !anchors.contains(one));
        anchors.extend(free);
    }
    anchors
}

#[test]
fn the_list_of_the_documentation_has_all_its_pages() {
    let pages = pages();
    let list = pages.iter().find(|page| page.path == "docs/README.md").expect("the list");
    let listed: BTreeSet<String> =
        links(&prose(list)).iter().map(|link| beside(&list.path, link)).collect();
    let ours = pages.iter().filter(|page| page.path.starts_with("docs/") && page.path != list.path);
    let missing: Vec<_> =
        ours.filter(|page| !listed.contains(&page.path)).map(|page| &page.path).collect();
    assert!(missing.is_empty(), "docs/README.md does not list {missing:?}");
}

fn blocks() -> Vec<Block> {
    pages().iter().flat_map(Page::blocks).collect()
}

#[test]
fn every_command_says_how_it_is_known_to_work() {
    let mut silent = Vec::new();
    for block in blocks() {
        if COMMANDS.contains(&block.language.as_str()) {
            let ways =
                ["run", "test", "not-here"].iter().filter(|way| block.mark(way).is_some()).count();
            if ways != 1 {
                silent.push(format!(
                    "{}: needs one of the marks run, test=NAME and not-here=\"WHY\"",
                    block.place
                ));
            }
        } else if block.language.is_empty() {
            let command = block
                .code
                .lines()
                .find(|line| PROGRAMS.iter().any(|program| line.starts_with(program)));
            let command =
                command.map(|line| format!("{}: is not in a block of sh: {line}", block.place));
            silent.extend(command);
        }
    }
    assert!(silent.is_empty(), "{}", silent.join("\n"));
}

#[test]
fn the_tests_that_commands_name_exist() {
    let tests = files(&root().join("tests"), &["rs"]);
    for block in blocks() {
        if let Some(name) = block.mark("test") {
            let is_test = |(_, text): &(PathBuf, String)| {
                text.contains(&format!("fn {name}(")) || text.contains(&format!("test(\"{name}\""))
            };
            assert!(tests.iter().any(is_test), "{}: there is no test {name}", block.place);
        }
        if let Some(why) = block.mark("not-here") {
            assert!(why.contains(' '), "{}: not-here=\"…\" says in words why", block.place);
        }
    }
}

#[test]
fn what_commands_name_is_there() {
    let commands = blocks().into_iter().filter(|block| COMMANDS.contains(&block.language.as_str()));
    let missing: Vec<String> = commands.flat_map(|block| missing(&block)).collect();
    assert!(missing.is_empty(), "there is no such file or test:\n{}", missing.join("\n"));
}

/// The files, and the tests of cargo, that a block names and that are not there. Capitals stand for what a reader puts in.
fn missing(block: &Block) -> Vec<String> {
    let words: Vec<&str> =
        block.code.split(|c: char| c.is_whitespace() || "'\"()".contains(c)).collect();
    let after = |flag: &str| {
        let pairs = words.windows(2).filter(|pair| pair[0] == flag).map(|pair| pair[1]);
        pairs.collect::<Vec<_>>()
    };
    let page = Path::new(&block.place).parent().unwrap().display().to_string();
    let mut folders = after("cd");
    folders.extend(["", &page]);
    let is_there =
        |path: &str| folders.iter().any(|folder| root().join(folder).join(path).exists());
    let is_path = |word: &str| {
        NAMED.iter().any(|named| word.starts_with(named))
            && !word.contains("NAME")
            && !word.contains('*')
    };
    let files = words.iter().filter(|word| is_path(word) && !is_there(word));
    let is_target = |name: &str| {
        let name = format!("tests/{name}");
        is_there(&format!("{name}.rs")) || is_there(&format!("{name}/main.rs"))
    };
    let of_cargo = block.code.contains("cargo test");
    let targets = after("--test").into_iter().filter(|name| of_cargo && !name.is_empty());
    let targets = targets.filter(|name| !name.contains('/') && !is_target(name));
    files.copied().chain(targets).map(|name| format!("{}: {name}", block.place)).collect()
}

#[test]
fn blocks_and_their_marks_are_read() {
    let text = "a\n\n```sh run file=x.json\nls\n```\n\n    indented\n    more\n\n- item\n    no block\n\n```console not-here=\"needs an account\"\n$ x\n```\n";
    let page = Page { path: "p.md".to_owned(), text: text.to_owned() };
    let blocks = page.blocks();
    let codes: Vec<_> = blocks.iter().map(|block| (&*block.language, &*block.code)).collect();
    assert_eq!(codes, [("sh", "ls\n"), ("", "indented\nmore\n"), ("console", "$ x\n")]);
    let mark = |index: usize, name| blocks[index].mark(name);
    assert_eq!(
        (mark(0, "run"), mark(0, "file"), mark(0, "test")),
        (Some(""), Some("x.json"), None)
    );
    assert_eq!(mark(2, "not-here"), Some("needs an account"));
}
