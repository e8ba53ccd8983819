//! `scripts/deploy`, with an account that a stand-in for wrangler plays, and once with what the real wrangler builds. What is decided without
//! calling anything is tested in `deploy/tests/`.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use roomcast::hop;
use roomcast::room::row::SCHEMA;
use serde_json::Value;

use crate::support::program::Ran;

mod world;

use world::{current, message, misconfigured, says, secrets_changed, well, World};

fn assert_stopped(ran: &Ran, world: &World, why: &[&str]) {
    assert_eq!(ran.code, 1, "{ran:?}");
    for text in why {
        assert!(ran.stderr.contains(text), "{text}: {}", ran.stderr);
    }
    assert_eq!(world.changes(), Vec::<String>::new(), "{ran:?}");
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once_with_how_to_mend_it() {
    let world = World::with(&[("v-1", says(&current()))]);
    world.write("secrets.json", r#"[{"name":"ADMIN_TOKEN"}]"#);
    world.write("fat", "");
    world.configure(|text| {
        let queue = "[[queues.producers]]\nqueue = \"lost\"\nbinding = \"LOST\"\n\n[vars]";
        text.replace("no_web_socket_compression", "nodejs_compat").replace("[vars]", queue)
    });
    let ran = world.deploy(&["--dry-run"]).await;
    let why = [
        "compatibility_flags lacks no_web_socket_compression",
        "the queue lost cannot be found",
        "npx wrangler queues create lost",
        "SEALING_KEYS is not set",
        "bytes compressed, of 1000000",
        "Nothing was changed. 4 things are wrong.",
    ];
    assert_stopped(&ran, &world, &why);
}

#[tokio::test]
async fn without_somebody_signed_in_nothing_is_asked_and_the_rest_is_checked() {
    let world = World::with(&[]);
    world.write("signed-out", "");
    world.configure(|text| text.replace("binding = \"ASSETS\"", "binding = \"PAGES\""));
    let ran = world.deploy(&[]).await;
    let why = ["nobody is signed in", "npx wrangler login", "[assets] does not name the pages"];
    assert_stopped(&ran, &world, &why);
    assert!(!world.read("calls").contains("secret"), "{}", world.read("calls"));
}

#[tokio::test]
async fn a_rehearsal_builds_with_the_real_wrangler_and_changes_nothing() {
    let world = World::with(&[("v-1", says(&message(SCHEMA, hop::VERSION - 1, "v1")))]);
    world.write("real", "");
    let ran = world.deploy(&["--dry-run"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    for text in [
        &current(),
        "It follows v-1, commit abcdef123456",
        "migration v2 lies in between",
        "at once",
    ] {
        assert!(ran.stdout.contains(text), "{text}: {}", ran.stdout);
    }
    let built = ran.stdout.split(" KB compressed").next().unwrap();
    let size: f64 = built.rsplit(' ').next().unwrap().parse().unwrap();
    assert!((500.0..1000.0).contains(&size), "{size} KB");
    assert_eq!(world.changes(), Vec::<String>::new());
}

#[tokio::test]
async fn a_first_deploy_keeps_the_secrets_that_it_makes_and_shows_none() {
    let world = World::with(&[]);
    let ran = world.deploy(&[]).await;
    assert_stopped(&ran, &world, &["SEALING_KEYS and ADMIN_TOKEN are not set", "--secrets FILE"]);
    let ran = world.deploy(&["--url", &well().await, "--secrets", "kept"]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
    let kept = world.read("kept");
    assert_eq!(fs::metadata(world.path("kept")).unwrap().permissions().mode() & 0o777, 0o600);
    let handed: Value = serde_json::from_str(&world.read("handed.json")).unwrap();
    let calls = world.read("calls");
    for name in ["SEALING_KEYS", "ADMIN_TOKEN"] {
        let secret = handed[name].as_str().unwrap();
        assert!(secret.len() >= 44 && kept.contains(&format!("{name}=\"{secret}\"")), "{name}");
        for shown in [&ran.stdout, &ran.stderr, &calls] {
            assert!(!shown.contains(secret), "{name} is shown: {shown}");
        }
    }
    assert!(ran.stdout.contains("Keep a copy of"), "{}", ran.stdout);
    // wrangler was given a file that is gone.
    let given = calls.split("--secrets-file=").nth(1).unwrap().split(' ').next().unwrap();
    assert!(!fs::exists(given).unwrap(), "{given}");
}

#[tokio::test]
async fn a_release_says_what_it_is_and_replaces_objects_at_once_only_if_it_must() {
    let url = well().await;
    for (live, sudden) in [(hop::VERSION, false), (hop::VERSION - 1, true)] {
        let world = World::with(&[("v-1", says(&message(SCHEMA, live, "v2")))]);
        let ran = world.deploy(&["--url", &url]).await;
        assert_eq!(ran.code, 0, "{ran:?}");
        let changes = world.changes();
        let deployed = changes.first().unwrap();
        assert!(deployed.contains(&format!("--message={}", current())), "{deployed}");
        assert!(deployed.contains("--tag="), "{deployed}");
        let at_once = deployed.contains("--durable-objects-code-update-mode=immediate");
        assert_eq!((changes.len(), at_once), (1, sudden), "{changes:?}");
    }
}

const BACK: &str = "versions deploy v-1@100 --yes --message=back to abcdef123456 --durable-objects-code-update-mode=immediate";

#[tokio::test]
async fn a_release_that_does_not_get_well_is_sent_back() {
    let world = World::with(&[("v-1", says(&current()))]);
    let ran = world.deploy(&["--url", &misconfigured().await]).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.stderr.contains("503 SEALING_KEYS is not set"), "{}", ran.stderr);
    assert_eq!(world.changes().get(1..).unwrap(), [BACK]);
    assert!(ran.stdout.contains("Live again: v-1"), "{}", ran.stdout);
}

/// A command line that finds something wrong, once the secret is set.
const CARGO: &str = r#"#!/bin/sh
echo "cargo $*" >>"$WORLD/calls"
[ -e "$WORLD/set" ] || { echo 'ACME_TOKEN_SECRET is not set' >&2 && exit 3; }
case "$*" in *' conformance '*) exit 1 ;; esac
"#;

#[tokio::test]
async fn a_release_that_breaks_the_protocol_is_sent_back() {
    let world = World::with(&[("v-1", says(&current()))]);
    fs::create_dir(world.path("bin")).unwrap();
    // scripts/conformance runs the command line with cargo.
    world.write("bin/cargo", CARGO);
    fs::set_permissions(world.path("bin/cargo"), fs::Permissions::from_mode(0o755)).unwrap();
    let url = well().await;
    let ran = world.deploy(&["--url", &url, "--conformance", "acme"]).await;
    assert_stopped(&ran, &world, &["cannot run as acme: ACME_TOKEN_SECRET is not set"]);
    world.write("set", "");
    let ran = world.deploy(&["--url", &url, "--conformance", "acme"]).await;
    assert_eq!((ran.code, world.changes().last().unwrap().as_str()), (1, BACK), "{ran:?}");
    let asked = format!("--url {url} conformance --read-only --tenant acme");
    assert!(world.read("calls").contains(&asked), "{}", world.read("calls"));
}

#[tokio::test]
async fn what_cannot_be_undone_is_left_as_it_is_and_said() {
    let url = misconfigured().await;
    let first = World::with(&[]);
    let ran = first.deploy(&["--url", &url, "--secrets", "kept"]).await;
    assert_eq!((ran.code, first.changes().len()), (1, 1), "{ran:?}");
    assert!(ran.stderr.contains("not undone: this was the first deploy"), "{}", ran.stderr);
    let world = World::with(&[("v-1", says(&message(SCHEMA - 1, hop::VERSION, "v2")))]);
    let ran = world.deploy(&["--url", &url]).await;
    assert_eq!((ran.code, world.changes().len()), (1, 1), "{ran:?}");
    assert!(ran.stderr.contains("the release before refuses them"), "{}", ran.stderr);
}

#[tokio::test]
async fn a_deploy_that_fails_leaves_what_is_live_alone() {
    let world = World::with(&[("v-1", says(&current()))]);
    world.write("deploy-fails", "");
    let ran = world.deploy(&["--url", &well().await]).await;
    assert_eq!((ran.code, world.changes().len()), (1, 1), "{ran:?}");
    assert!(ran.stderr.contains("Still live: v-1"), "{}", ran.stderr);
}

#[tokio::test]
async fn going_back_leads_to_the_release_before_and_not_to_a_change_of_secrets() {
    let older = says(&message(SCHEMA, hop::VERSION - 1, "v2"));
    let versions = [
        ("v-0", older.clone()),
        ("v-1", older),
        ("v-2", says(&current())),
        ("v-3", secrets_changed()),
    ];
    let world = World::with(&versions);
    let url = well().await;
    let ran = world.deploy(&["--rollback", "--dry-run"]).await;
    assert_eq!((ran.code, world.changes().len()), (0, 0), "{ran:?}");
    let ran = world.deploy(&["--rollback", "--url", &url]).await;
    assert_eq!((ran.code, world.changes()), (0, vec![BACK.to_owned()]), "{ran:?}");
}

#[tokio::test]
async fn going_back_to_a_release_that_cannot_read_the_rooms_is_refused_and_so_is_deploying_it() {
    let older = says(&message(SCHEMA - 1, hop::VERSION, "v2"));
    let world = World::with(&[("v-1", older), ("v-2", says(&current()))]);
    assert_stopped(&world.deploy(&["--rollback"]).await, &world, &["rooms are now of schema"]);
    let world = World::with(&[("v-1", says(&message(SCHEMA + 1, hop::VERSION, "v3")))]);
    let why =
        ["this one would refuse those rooms", "the migration v3, which wrangler.toml does not"];
    assert_stopped(&world.deploy(&[]).await, &world, &why);
}

#[tokio::test]
async fn a_deployment_whose_address_is_not_known_is_not_sent_back_unseen() {
    let world = World::with(&[("v-1", says(&current()))]);
    let ran = world.deploy(&[]).await;
    assert_eq!((ran.code, world.changes().len()), (1, 1), "{ran:?}");
    assert!(ran.stderr.contains("nothing was looked at: add --url"), "{}", ran.stderr);
}
