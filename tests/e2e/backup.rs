//! A copy of the storage, made while the server runs, and put back.

use std::fs;
use std::path::Path;

use reqwest::Method;
use serde_json::{json, Value};
use tempfile::TempDir;
use tokio::process::Command;

use crate::support::checkout;
use crate::support::events::renames;
use crate::support::program::{run, Ran};
use crate::support::server::Server;

async fn backup(arguments: &[&Path]) -> Ran {
    run(Command::new(checkout("scripts/backup")).args(arguments)).await
}

/// Puts a copy in the place of the storage of a server, which is started again.
async fn put_back(server: &mut Server, copy: &Path) -> Ran {
    server.kill_9();
    fs::remove_dir_all(server.storage()).unwrap();
    let ran = backup(&[Path::new("--restore"), copy, &server.storage()]).await;
    server.restart().await;
    ran
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_of_a_running_server_that_is_put_back_has_everything_of_its_moment() {
    let mut server = Server::start().await;
    let folder = TempDir::new().unwrap();
    let copy = folder.path().join("copy");
    let publisher = server.publisher();
    publisher.post(&renames("then", "s-1", 5)).await;
    let client = server.client("s-1").open().await;
    let epoch = client.hello["epoch"].as_str().unwrap().to_owned();
    let made = backup(&[&server.storage(), &copy]).await;
    assert_eq!(made.code, 0, "{made:?}");
    // What comes after the copy is lost with the disk, although clients have seen it.
    let lost = publisher.post(&renames("later", "s-1", 4)).await;
    assert_eq!(lost.results("seq"), [6, 7, 8, 9]);

    let put = put_back(&mut server, &copy).await;
    assert_eq!(put.code, 0, "{put:?}");
    let tenants = server.admin(Method::GET, "/admin/tenants").send().await.unwrap();
    let tenants: Value = tenants.json().await.unwrap();
    assert_eq!(tenants["tenants"], json!(["demo"]));
    // The room goes on after what the copy has, and gives the same numbers to other events.
    let anew = server.publisher().post(&renames("anew", "s-1", 6)).await;
    assert_eq!(anew.results("seq"), [6, 7, 8, 9, 10, 11]);
    let back = server.client("s-1").resume(&format!("{epoch}:9"));
    let mut back = back.open().await;
    assert_eq!((&back.hello["seq"], &back.hello["recovery"]), (&json!(11), &json!("snapshot")));
    assert_ne!(back.hello["epoch"], epoch, "a position of before counts no more");
    assert_eq!(back.next_frame().await["updates"][0]["data"]["title"], "anew-6");
    let again = server.publisher().post(&renames("then", "s-1", 5)).await;
    assert_eq!(again.results("status"), vec!["duplicate"; 5], "what the copy has is known");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_never_writes_over_anything_and_says_what_is_wrong() {
    let folder = TempDir::new().unwrap();
    let (empty, full) = (folder.path().join("empty"), folder.path().join("full"));
    fs::create_dir(&empty).unwrap();
    fs::create_dir(&full).unwrap();
    fs::write(full.join("something"), "of value").unwrap();
    let ran = backup(&[&empty, &full]).await;
    assert_eq!((ran.code, ran.stderr.contains("is not empty")), (1, true), "{ran:?}");
    let ran = backup(&[&empty, &folder.path().join("copy")]).await;
    assert_eq!((ran.code, ran.stderr.contains("has no databases")), (1, true), "{ran:?}");
    assert_eq!(fs::read_to_string(full.join("something")).unwrap(), "of value");
}
