//! The manual, as a reader follows it: the commands of its pages, unchanged, in a folder and against a server of their own.
//! `tests/manual/mod.rs` says how a page marks what is run here; `tests/pages.rs` checks that every command is marked.

#[path = "../manual/mod.rs"]
mod book;
mod desk;
mod dev;

use book::pages;
use desk::Desk;

/// The tenants that a page takes for granted, besides `demo`.
const TENANTS: [(&str, &[&str]); 1] = [("docs/operations.md", &["acme"])];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_commands_of_the_manual_do_what_it_says() {
    let mut ran = 0;
    for page in pages() {
        let blocks = page.blocks();
        if !blocks.iter().any(|block| block.mark("run") == Some("")) {
            continue;
        }
        let tenants = TENANTS.iter().find(|(name, _)| *name == page.path);
        let desk = Desk::lay(tenants.map_or(&[], |(_, tenants)| tenants)).await;
        for block in &blocks {
            ran += usize::from(desk.follow(block).await);
        }
    }
    assert!(ran >= 20, "only {ran} blocks have commands");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_command_of_the_manual_serves_a_dashboard_until_it_is_told_to_end() {
    let blocks: Vec<_> = pages().iter().flat_map(book::Page::blocks).collect();
    let mut commands: Vec<_> =
        blocks.iter().filter(|block| block.mark("run") == Some("dev")).map(dev::command).collect();
    commands.dedup();
    let [command] = commands.as_slice() else { panic!("each takes half a minute: {commands:?}") };
    dev::serves(command).await;
}
