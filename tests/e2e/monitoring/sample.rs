//! The sample of what `/admin/metrics` prints, and a server that serves it to whoever has the token.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::expression::named;
use super::families::{family, FAMILIES};
use crate::support::checkout;

/// The admin token of the server.
pub(crate) const TOKEN: &str = "an-admin-token-of-more-than-thirty-two-characters";

/// Where the sample is.
pub(crate) const SAMPLE: &str = "tests/fixtures/metrics.txt";

/// The sample.
pub(crate) fn sample() -> String {
    fs::read_to_string(checkout(SAMPLE)).expect("the sample")
}

/// A line of the sample with a value: name and labels, and the value.
fn split(line: &str) -> Option<(&str, f64)> {
    let (series, value) = line.rsplit_once(' ')?;
    (!line.starts_with('#')).then(|| (series, value.parse().expect("a number")))
}

/// The family of a time series.
fn of(series: &str) -> (&'static str, &'static str, &'static [&'static str]) {
    let name = series.split('{').next().unwrap_or_default();
    family(name).unwrap_or_else(|| panic!("{name} is not in the list"))
}

/// The sample as it is after so many scrapes: what counts has grown by a hundredth each time.
fn grown(scrapes: u32) -> String {
    let grow = |line: &str| match split(line) {
        Some((series, value)) if of(series).1 != "gauge" => {
            format!("{series} {}\n", value * f64::from(100 + scrapes))
        }
        _ => format!("{line}\n"),
    };
    sample().lines().map(grow).collect()
}

/// A server with the sample. It serves one path, to whoever has the token.
#[derive(Debug)]
pub(crate) struct Sampler {
    address: String,
}

impl Sampler {
    /// Starts serving.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address").to_string();
        let scrapes = Arc::new(AtomicU32::new(0));
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, scrapes.clone()));
            }
        });
        Self { address }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }
}

async fn serve(mut socket: TcpStream, scrapes: Arc<AtomicU32>) {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        if socket.read_buf(&mut request).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let request = String::from_utf8(request).expect("text").to_lowercase();
    let token = format!("\r\nauthorization: bearer {TOKEN}\r\n");
    let (status, body) = match () {
        () if !request.starts_with("get /admin/metrics http/1.1\r\n") => {
            ("404 Not Found", String::new())
        }
        () if !request.contains(&token) => ("401 Unauthorized", String::new()),
        () => ("200 OK", grown(scrapes.fetch_add(1, Ordering::Relaxed))),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; version=0.0.4; charset=utf-8\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let _ = socket.write_all((head + &body).as_bytes()).await;
}

#[test]
fn the_sample_has_every_family_with_its_type_and_its_labels() {
    let sample = sample();
    let types: BTreeMap<&str, &str> =
        sample.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' ')).collect();
    let expected = FAMILIES.iter().map(|(name, kind, _)| (*name, *kind)).collect();
    assert_eq!(types, expected);
    let mut seen = BTreeSet::new();
    for (series, _) in sample.lines().filter_map(split) {
        let (name, _, labels) = of(series);
        let mut written = named(series).series.remove(0).1;
        written.retain(|label| label != "le");
        assert_eq!(written, labels, "{series}");
        seen.insert(name);
    }
    assert_eq!(seen.len(), FAMILIES.len(), "a family has no value");
}
