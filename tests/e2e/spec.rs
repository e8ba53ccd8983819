//! The documents of the wire and the Worker: it has exactly the paths and methods of the `OpenAPI` document, what it answers is what is
//! described there, it takes the examples, and it serves both documents, with a page of each.

use std::fs;

use reqwest::{Client, Method, RequestBuilder, Response};
use serde_json::{json, Value};

use crate::support::browser::Page;
use crate::support::checkout;
use crate::support::clock::now;
use crate::support::publisher::signature;
use crate::support::server::Server;
use crate::support::token::token;
use crate::support::worker_config::{ADMIN_TOKEN, WEBHOOK_SECRET};

const METHODS: [&str; 6] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"];

/// The document, and what it says of an answer.
struct Described(Value);

impl Described {
    fn new() -> Self {
        Self(serde_json::from_str(&kept("openapi.json")).unwrap())
    }

    fn paths(&self) -> Vec<&String> {
        self.0["paths"].as_object().unwrap().keys().collect()
    }

    /// The methods of a path, as `Allow` lists them.
    fn methods(&self, path: &str) -> Vec<String> {
        let names = self.0["paths"][path].as_object().unwrap().keys();
        names.filter(|name| *name != "servers").map(|name| name.to_uppercase()).collect()
    }

    /// Examples of the body that an operation takes.
    fn bodies(&self, path: &str, method: &str, media: &str) -> Vec<Value> {
        let body = &self.0["paths"][path][method]["requestBody"]["content"][media];
        let several = body["examples"].as_object().into_iter().flatten();
        let several = several.map(|(_, one)| one["value"].clone());
        body.get("example").cloned().into_iter().chain(several).collect()
    }

    /// Checks that an answer is described: its status, and the form of its body. Returns the status and the body.
    async fn check(&self, path: &str, method: &str, response: Response) -> (u16, Value) {
        let status = response.status().as_u16();
        let header = response.headers().get("content-type").map(|one| one.to_str().unwrap());
        let media = header.and_then(|one| one.split(';').next()).unwrap_or_default().to_owned();
        let text = response.text().await.unwrap();
        let operation = &self.0["paths"][path][method.to_lowercase()];
        let described = &operation["responses"][status.to_string()];
        assert!(described.is_object(), "{method} {path} is answered {status}: {text}");
        if text.is_empty() || !media.ends_with("json") {
            return (status, json!(text));
        }
        let body: Value = serde_json::from_str(&text).unwrap();
        let schema = &described["content"][media]["schema"];
        assert!(schema.is_object(), "{method} {path} is answered {status} with a body: {text}");
        let whole = json!({"$schema": "https://json-schema.org/draft/2020-12/schema",
            "components": self.0["components"], "allOf": [schema]});
        let found = jsonschema::validator_for(&whole)
            .unwrap()
            .validate(&body)
            .map_err(|error| error.to_string());
        assert_eq!(found, Ok(()), "{method} {path}, {status}: {text}");
        (status, body)
    }
}

fn kept(document: &str) -> String {
    fs::read_to_string(checkout(&format!("docs/{document}"))).unwrap()
}

/// A path with names in the places of its parameters. There is no such tenant, so nothing is changed.
fn filled(path: &str) -> String {
    let values = [("session", "s-1"), ("tenant", "nobody"), ("room", "s-1"), ("file", "session")];
    values
        .iter()
        .fold(path.to_owned(), |path, (name, value)| path.replace(&format!("{{{name}}}"), value))
}

fn asking(server: &Server, method: &str, path: &str) -> RequestBuilder {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let request = Client::new().request(method, server.url(&filled(path)));
    if path.starts_with("/admin") {
        request.bearer_auth(ADMIN_TOKEN)
    } else {
        request
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_worker_has_exactly_the_methods_of_the_document_at_its_paths() {
    let (server, document) = (Server::start().await, Described::new());
    for path in document.paths() {
        let allowed = document.methods(path);
        for method in METHODS {
            let answer = asking(&server, method, path).send().await.unwrap();
            if allowed.iter().any(|one| one == method) {
                let (_, body) = document.check(path, method, answer).await;
                assert_ne!(body["detail"], "There is nothing at this path.", "{method} {path}");
                continue;
            }
            assert_eq!(answer.status().as_u16(), 405, "{method} {path} is not in the document");
            let allow = answer.headers()["allow"].to_str().unwrap();
            assert_eq!(allow, allowed.join(", "), "{method} {path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_worker_takes_the_posts_in_the_document() {
    let (server, document) = (Server::start().await, Described::new());
    let mut taken = 0;
    for (path, media, good) in [
        ("/api/events", "application/json", 202),
        ("/api/events", "application/cloudevents+json", 202),
        ("/api/events", "application/cloudevents-batch+json", 202),
        ("/api/revocations", "application/json", 200),
    ] {
        for body in document.bodies(path, "post", media) {
            let body = body.to_string().into_bytes();
            let request = Client::new().post(server.url(path)).header("content-type", media);
            let headers = signature(WEBHOOK_SECRET, now(), &body);
            let sign = |request: RequestBuilder, (name, value)| request.header(name, value);
            let answer = headers.into_iter().fold(request, sign).body(body).send().await.unwrap();
            let (status, answer) = document.check(path, "post", answer).await;
            assert_eq!(status, good, "{answer}");
            taken += 1;
        }
    }
    assert_eq!(taken, 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_read_of_a_session_has_the_form_that_is_described() {
    let (server, document) = (Server::start().await, Described::new());
    let bodies = document.bodies("/api/events", "post", "application/json");
    server.publisher().post(&bodies[..1]).await;
    let session = bodies[0]["aggregate_id"].as_str().unwrap();
    for (what, query, status) in [
        ("state", "", 200),
        ("log", "?limit=1", 200),
        ("log", "?limit=0", 400),
        ("presence", "", 200),
        ("state", "?topics=a,,b", 400),
        ("live", "", 426),
    ] {
        let path = format!("/api/sessions/{{session}}/{what}");
        let address = server.url(&format!("/api/sessions/{session}/{what}{query}"));
        let request = Client::new().get(address).bearer_auth(token(session).text());
        let (found, body) = document.check(&path, "get", request.send().await.unwrap()).await;
        assert_eq!(found, status, "{what}{query}: {body}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_admin_api_takes_the_tenant_in_the_document_and_answers_as_it_says() {
    let (server, document) = (Server::start().await, Described::new());
    let tenant = "/admin/tenants/{tenant}";
    let body = document.bodies(tenant, "put", "application/json").remove(0);
    let order = json!({"user": "ada"});
    server.publisher().post_one(crate::support::events::created("e-1", "s-1")).await;
    for (method, path, name, sent, status) in [
        ("PUT", "", "acme", Some(&body), 201),
        ("PUT", "", "acme", Some(&body), 200),
        ("PUT", "", "other", Some(&body), 409),
        ("PUT", "", "acme", Some(&order), 422),
        ("GET", "", "acme", None, 200),
        ("POST", "/reseal", "acme", None, 200),
        ("POST", "/revocations", "acme", Some(&order), 200),
        ("POST", "/revocations", "acme", Some(&body), 422),
        ("POST", "/watch", "acme", None, 200),
        ("GET", "/rooms", "demo", None, 200),
        ("GET", "/rooms/{room}", "demo", None, 200),
        ("DELETE", "", "acme", None, 204),
        ("DELETE", "", "acme", None, 404),
    ] {
        let path = format!("{tenant}{path}");
        let request = asking(&server, method, &path.replace("{tenant}", name));
        let request = sent.into_iter().fold(request, RequestBuilder::json);
        let (found, answer) = document.check(&path, method, request.send().await.unwrap()).await;
        assert_eq!(found, status, "{method} {path}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_documents_are_served_to_anybody_and_compared_each_time() {
    let server = Server::start().await;
    for document in ["openapi.json", "asyncapi.json"] {
        let address = server.url(&format!("/{document}"));
        let answer = Client::new()
            .get(&address)
            .header("origin", "https://tools.test")
            .send()
            .await
            .unwrap();
        let headers = answer.headers().clone();
        assert_eq!(answer.status().as_u16(), 200, "{document}");
        assert_eq!(headers["content-type"], "application/json", "{document}");
        assert_eq!(headers["cache-control"], "no-cache", "{document}");
        assert_eq!(headers["access-control-allow-origin"], "*", "{document}");
        assert_eq!(answer.text().await.unwrap(), kept(document));
        let again = Client::new().get(&address).header("if-none-match", headers["etag"].clone());
        assert_eq!(again.send().await.unwrap().status().as_u16(), 304, "{document}");
        // Below a tenant they are the same.
        let below = reqwest::get(server.url(&format!("/t/demo/{document}"))).await.unwrap();
        assert_eq!(below.headers()["etag"], headers["etag"], "{document}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_documents_have_a_page_that_everybody_can_read() {
    let server = Server::start().await;
    for (path, heading) in [("openapi", "over HTTP"), ("asyncapi", "over WebSockets")] {
        let answer = reqwest::get(server.url(&format!("/{path}"))).await.unwrap();
        assert_eq!(answer.headers()["content-type"], "text/html; charset=utf-8");
        assert_eq!(answer.headers()["cache-control"], "no-cache");
        let policy = answer.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{policy}");
        let mut page = Page::open(&server.url(&format!("/{path}")));
        page.wait_for_text("h1", heading).await;
        for (scheme, direction, width) in [("light", "ltr", 390), ("dark", "rtl", 1_280)] {
            page.tell(json!({"cmd": "media", "scheme": scheme})).await;
            page.tell(json!({"cmd": "direction", "dir": direction})).await;
            page.tell(json!({"cmd": "size", "width": width, "height": 900})).await;
            let wide = page.tell(json!({"cmd": "overflow"})).await;
            assert_eq!(wide["pixels"], 0, "{path} is wider than {width}");
            let found = page.tell(json!({"cmd": "axe"})).await;
            assert_eq!(found["findings"], json!([]), "{path}, {scheme}");
        }
        let shown = page.read().await;
        assert_eq!((&shown["errors"], &shown["network"]), (&json!([]), &json!([])), "{path}");
        page.quit().await;
    }
}
