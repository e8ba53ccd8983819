//! The container image.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Output;

use serde_json::json;

use super::hosted::{address, Hosted, Machine, Place, SETTINGS};
use super::recipe::{Recipe, Stage};
use super::{install, isolates};
use crate::support::checkout;
use crate::support::events::renames;

fn read(file: &str) -> String {
    fs::read_to_string(checkout(file)).expect(file)
}

/// What follows `before` on its line in a file, up to the end of the quoted text.
fn quoted(file: &str, before: &str) -> String {
    let text = read(file);
    let (_, after) = text.split_once(before).unwrap_or_else(|| panic!("{file}: no {before}"));
    after.split('"').next().expect("a text").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parser_finds_nothing_wrong_with_the_dockerfile_and_its_programs_are_those_of_the_checkout(
) {
    let recipe = Recipe::read().await;
    assert_eq!(recipe.findings, Vec::<String>::new());
    let bases: Vec<_> = recipe.stages.iter().map(|stage| stage.base.clone()).collect();
    let node = format!("node:{}-bookworm-slim", quoted("package.json", r#""node": ""#));
    let rust = format!("rust:{}-bookworm", quoted("rust-toolchain.toml", r#"channel = ""#));
    assert_eq!(bases, [node.as_str(), &rust, "node", "scratch"]);
}

/// Whether `.dockerignore` lets a path of the checkout into the build.
fn let_in(path: &str) -> bool {
    let ignored = read(".dockerignore");
    let mut lines = ignored.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    assert_eq!(lines.next(), Some("*"), "only what is named is let in");
    let named = lines.filter_map(|line| line.strip_prefix('!'));
    named.into_iter().any(|allowed| Path::new(path).starts_with(allowed))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_build_is_given_each_file_that_it_copies_and_no_secret() {
    let recipe = Recipe::read().await;
    let copies = recipe.stages.iter().flat_map(|stage| &stage.instructions);
    let copies = copies.filter(|one| one.keyword == "COPY" && !one.flags.contains_key("from"));
    let sources: BTreeSet<_> =
        copies.flat_map(|copy| &copy.words[..copy.words.len() - 1]).collect();
    assert!(sources.len() > 8, "{sources:?}");
    for source in sources {
        assert!(checkout(source).exists(), "{source}");
        assert!(source == "." || let_in(source), "{source}");
    }
    for secret in [".dev.vars", "roomcast.env", ".wrangler", ".roomcast", "node_modules", "target"]
    {
        assert!(!let_in(secret), "{secret}");
    }
    assert!(read(".dockerignore").lines().any(|line| line == "**/*.env"));
    let sets = |keyword: &&str| matches!(*keyword, "ENV" | "ARG" | "VOLUME");
    let keywords = recipe.stages.iter().flat_map(|stage| &stage.instructions);
    assert_eq!(keywords.map(|one| one.keyword.as_str()).find(sets), None);
}

/// The files of a folder, as paths in it.
fn files(folder: &Path, below: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder.join(below)).expect("a folder") {
        let entry = entry.expect("an entry");
        let path = below.join(entry.file_name());
        if entry.file_type().expect("its kind").is_dir() {
            files(folder, &path, found);
        } else {
            found.insert(path.display().to_string());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_image_has_workerd_with_its_libraries_and_what_roomcast_is_and_nothing_else() {
    if !isolates("what is in the image").await {
        return;
    }
    let machine = Machine::new(Place::Container);
    install(&["--image"], &machine.root()).await;
    let mut found = BTreeSet::new();
    files(&machine.root(), Path::new(""), &mut found);
    let library = |path: &String| path.starts_with("lib") && path.contains(".so");
    let page = |path: &String| path.starts_with("opt/roomcast/dashboard/dist/");
    let rest: Vec<_> = found.iter().filter(|path| !library(path) && !page(path)).collect();
    let expected = [
        "etc/group",
        "etc/nsswitch.conf",
        "etc/passwd",
        "etc/ssl/certs/ca-certificates.crt",
        "opt/roomcast/bin/workerd",
        "opt/roomcast/build/index.js",
        "opt/roomcast/build/index_bg.wasm",
        "opt/roomcast/selfhost/health.capnp",
        "opt/roomcast/selfhost/health.js",
        "opt/roomcast/selfhost/pages.js",
        "opt/roomcast/selfhost/roomcast.capnp",
    ];
    assert_eq!(rest, expected);
    assert!(found.iter().any(page));
}

struct Container {
    machine: Machine,
    stage: Stage,
    address: String,
    port: u16,
}

impl Container {
    async fn new() -> Self {
        let machine = Machine::new(Place::Container);
        install(&["--image"], &machine.root()).await;
        let stage = Recipe::read().await.stages.pop().expect("a stage");
        assert_eq!(stage.only("USER"), ["65532:65532"]);
        let (address, port) = address();
        Self { machine, stage, address, port }
    }

    fn run(&self, settings: &[(&str, &str)]) -> Hosted {
        let folder = self.stage.only("WORKDIR");
        let program = self.stage.program(&self.address);
        Hosted::start(self.machine.command(&folder[0], &program, settings), self.port)
    }

    /// What the health check says. It waits for a Roomcast that does not listen yet.
    fn check(&self) -> (Option<i32>, String) {
        let folder = self.stage.only("WORKDIR");
        let check = self.stage.check(&self.address);
        let Output { status, stderr, stdout } =
            self.machine.command(&folder[0], &check, &[]).output().expect("unshare");
        let said = [stdout, stderr].concat();
        (status.code(), String::from_utf8_lossy(&said).into_owned())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_image_serves_as_nobody_from_a_read_only_file_system_and_ends_when_it_is_told() {
    if !isolates("the container image").await {
        return;
    }
    let container = Container::new().await;
    let mut hosted = container.run(&SETTINGS);
    let (code, said) = container.check();
    assert_eq!(code, Some(0), "{said}{}", hosted.log().text());
    hosted.make_tenant().await;
    assert_eq!(hosted.get("/").await.status(), 200, "the pages");
    let mut client = hosted.client("s-1").open().await;
    hosted.publisher().post(&renames("before", "s-1", 2)).await;
    client.updates_until(2).await;
    hosted.stop(&container.stage.only("STOPSIGNAL")[0]).await;

    // The same rooms in a new container, as after an upgrade.
    let hosted = container.run(&SETTINGS);
    assert_eq!(container.check().0, Some(0), "{}", hosted.log().text());
    hosted.publisher().post(&renames("after", "s-1", 1)).await;
    let mut back = hosted.client("s-1").after(client.seen.clone()).open().await;
    assert_eq!(back.hello["recovery"], "replayed");
    let missed = back.updates_until(3).await;
    assert_eq!((missed.len(), &missed[0]["data"]["title"]), (1, &json!("after-1")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_without_its_sealing_keys_is_not_healthy_and_says_why() {
    if !isolates("the health check of the container").await {
        return;
    }
    let container = Container::new().await;
    let _hosted = container.run(&[("DEFAULT_TENANT", "demo")]);
    let (code, said) = container.check();
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("503") && said.contains("SEALING_KEYS"), "{said}");
}
