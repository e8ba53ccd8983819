//! Connections by hand, for clients that do not read, or that read too much for a library.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::tcp::OwnedReadHalf;
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{timeout, Instant};

use super::server::Server;
use super::token::token;
use super::WAIT;

/// How often a real client acknowledges at most.
const ACK_EVERY: Duration = Duration::from_secs(1);

/// Bytes after which it pings: sooner than it has to, as a flood without pauses would else be more than it has proved to read.
const PING_AFTER: u64 = 1 << 19;

/// Bytes of a frame in which its position stands.
const START: usize = 200;

/// A masked text frame of a client.
pub(crate) fn frame(text: &str) -> Vec<u8> {
    let length = u8::try_from(text.len()).expect("a short frame");
    [&[0x81, 0x80 | length, 0, 0, 0, 0], text.as_bytes()].concat()
}

/// A connection that has asked for an upgrade, and has read nothing of the answer.
pub(crate) async fn upgrading(server: &Server, session: &str, resume: &str) -> TcpStream {
    let address = server.url("");
    let address = address.trim_start_matches("http://");
    let mut stream = TcpStream::connect(address).await.expect("a connection");
    let token = token(session).text();
    let head = format!(
        "GET /api/sessions/{session}/live{resume} HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\n\
         upgrade: websocket\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         authorization: Bearer {token}\r\n\
         sec-websocket-protocol: roomcast.v1\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.expect("a request");
    stream
}

/// A client that reads everything, acknowledges it and pings, and looks at the positions only: each frame of updates has to
/// follow the one before.
#[derive(Debug)]
pub(crate) struct Skimmer {
    /// The last update that it has, and since when.
    seq: watch::Receiver<(u64, Instant)>,
    /// Ends only with the connection, with a panic if a frame is missing.
    reading: JoinHandle<()>,
}

impl Skimmer {
    pub(crate) async fn open(server: &Server, session: &str) -> Self {
        let (reading, mut writing) = upgrading(server, session, "").await.into_split();
        let mut reading = BufReader::with_capacity(1 << 18, reading);
        skip_head(&mut reading).await;
        let (seen, seq) = watch::channel((0, Instant::now()));
        let reading = tokio::spawn(async move {
            let (mut acked, mut unproven) = (Instant::now(), 0);
            while let Some((bytes, start)) = next_frame(&mut reading).await {
                let Some((prev, last)) = positions(&start) else { continue };
                let before = seen.send_replace((last, Instant::now())).0;
                assert!(prev == before, "{before} is followed by {start}");
                unproven += bytes;
                let mut said = Vec::new();
                if acked.elapsed() >= ACK_EVERY || last == 1 {
                    acked = Instant::now();
                    said.extend(frame(&format!(r#"{{"type":"ack","seq":{last}}}"#)));
                }
                if unproven >= PING_AFTER {
                    unproven = 0;
                    said.extend(frame(r#"{"type":"ping"}"#));
                }
                writing.write_all(&said).await.expect("an open connection");
            }
        });
        Self { seq, reading }
    }

    /// Waits until it has seen an update. Returns when it last saw one.
    pub(crate) async fn reaches(&mut self, seq: u64) -> Instant {
        let reached = timeout(WAIT, self.seq.wait_for(|seen| seen.0 >= seq)).await;
        reached.expect("an update in time").expect("neither a gap nor the end of the connection").1
    }
}

impl Drop for Skimmer {
    fn drop(&mut self) {
        self.reading.abort();
    }
}

async fn skip_head(reading: &mut BufReader<OwnedReadHalf>) {
    let mut last = [0; 4];
    while last != *b"\r\n\r\n" {
        let byte = timeout(WAIT, reading.read_u8()).await.expect("an answer").expect("an answer");
        last = [last[1], last[2], last[3], byte];
    }
}

/// The length of the next frame, and its start. `None` if the connection has ended.
async fn next_frame(reading: &mut BufReader<OwnedReadHalf>) -> Option<(u64, String)> {
    let opcode = reading.read_u8().await.ok()? & 0x0f;
    let length = match reading.read_u8().await.ok()? & 0x7f {
        126 => u64::from(reading.read_u16().await.ok()?),
        127 => reading.read_u64().await.ok()?,
        short => u64::from(short),
    };
    let mut payload = reading.take(length);
    let mut start = Vec::new();
    (&mut payload).take(START as u64).read_to_end(&mut start).await.ok()?;
    tokio::io::copy_buf(&mut payload, &mut tokio::io::sink()).await.ok()?;
    assert!(opcode != 8, "the room closed it: {start:?}");
    Some((length, String::from_utf8_lossy(&start).into_owned()))
}

/// The `prev` and the `seq` of a frame with updates.
fn positions(start: &str) -> Option<(u64, u64)> {
    let number = |name: &str| {
        let (_, rest) = start.split_once(name)?;
        let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<u64>().ok()
    };
    let seq = number(r#""seq":"#)?;
    if start.starts_with(r#"{"type":"dashboard.updates""#) {
        return Some((number(r#""prev":"#)?, seq));
    }
    start.starts_with(r#"{"type":"dashboard.update""#).then(|| (seq - 1, seq))
}
