//! Reads a request from a socket, for servers that tests play. The body is text, and its length is known.

use std::collections::HashMap;

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

/// A request as it arrived.
#[derive(Debug)]
pub(crate) struct Posted {
    /// The headers, by their names in lower case.
    pub(crate) head: HashMap<String, String>,
    /// The body.
    pub(crate) body: String,
}

/// The next request; `None` if the connection ends before it does.
pub(crate) async fn posted(socket: &mut TcpStream) -> Option<Posted> {
    let mut bytes = Vec::new();
    loop {
        if socket.read_buf(&mut bytes).await.unwrap_or(0) == 0 {
            return None;
        }
        if let Some(whole) = whole(&bytes) {
            return Some(whole);
        }
    }
}

fn whole(bytes: &[u8]) -> Option<Posted> {
    let end = bytes.windows(4).position(|end| end == b"\r\n\r\n")?;
    let (head, body) = (&bytes[..end], &bytes[end + 4..]);
    let head = headers(&String::from_utf8_lossy(head));
    let length = head.get("content-length").and_then(|length| length.parse().ok());
    let body = body.get(..length.unwrap_or(0))?;
    Some(Posted { head, body: String::from_utf8(body.to_vec()).expect("text") })
}

fn headers(head: &str) -> HashMap<String, String> {
    let lines = head.lines().filter_map(|line| line.split_once(':'));
    lines.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect()
}
