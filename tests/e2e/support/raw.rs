//! Raw HTTP over a socket, for requests and answers that no client library would send or show.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::server::Server;
use super::WAIT;

/// What a server sent until it closed the connection.
#[derive(Debug)]
pub(crate) struct Raw {
    /// The status line and the headers.
    pub(crate) head: String,
    /// What came after the empty line.
    pub(crate) body: String,
}

impl Raw {
    pub(crate) fn status(&self) -> u16 {
        let status = self.head.split(' ').nth(1).and_then(|status| status.parse().ok());
        status.unwrap_or_else(|| panic!("no answer: {self:?}"))
    }

    /// The header lines in alphabetical order.
    pub(crate) fn headers(&self) -> Vec<&str> {
        let mut headers: Vec<_> = self.head.lines().skip(1).collect();
        headers.sort_unstable();
        headers
    }

    pub(crate) fn header(&self, wanted: &str) -> Option<&str> {
        let headers = self.head.lines().filter_map(|line| line.split_once(": "));
        let mut named = headers.filter(|(name, _)| name.eq_ignore_ascii_case(wanted));
        named.next().map(|(_, value)| value)
    }
}

/// Sends a request line and headers, one per line, and reads until the server closes the connection. The server does
/// not close an upgraded connection, of which only the head is read.
pub(crate) async fn ask(server: &Server, request: &str) -> Raw {
    let address = server.url("");
    let mut stream = TcpStream::connect(address.trim_start_matches("http://")).await.unwrap();
    let lines: Vec<_> = request.lines().map(str::trim).collect();
    let text = format!("{}\r\nhost: x\r\nconnection: close\r\n\r\n", lines.join("\r\n"));
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    while !has_upgraded(&answer) {
        let read = timeout(WAIT, stream.read_buf(&mut answer)).await.unwrap().unwrap();
        if read == 0 {
            break;
        }
    }
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
    Raw { head: head.to_owned(), body: body.to_owned() }
}

fn has_upgraded(answer: &[u8]) -> bool {
    answer.starts_with(b"HTTP/1.1 101 ") && answer.windows(4).any(|end| end == b"\r\n\r\n")
}
