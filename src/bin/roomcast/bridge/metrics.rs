//! Serves the counts over HTTP, as Prometheus reads them: `GET /metrics`.
//!
//! It answers one request per connection and knows nothing else of HTTP: it is for a scraper on the same machine or network, and
//! nobody can change anything through it.

use std::net::SocketAddr;
use std::time::Duration;

use roomcast::deployment::failure::Failure;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::meter::Meter;

/// How long a request may take. Beyond it, the connection is closed.
const REQUEST_WITHIN: Duration = Duration::from_secs(5);

/// Bytes of a request that are read. Beyond them, the connection is closed.
const REQUEST_BYTES: usize = 8 * 1024;

/// Serves the counts at this address until the program ends. Port 0 is any free port. Returns the address.
///
/// # Errors
/// The address is not to be had.
pub(super) async fn serve(address: SocketAddr, meter: Meter) -> Result<SocketAddr, Failure> {
    let failed = |error| Failure::Input(format!("--metrics {address}: {error}"));
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    tokio::spawn(async move {
        loop {
            // One that fails here has gone already.
            if let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(timeout(REQUEST_WITHIN, answer(connection, meter.clone())));
            }
        }
    });
    Ok(address)
}

async fn answer(mut connection: TcpStream, meter: Meter) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") {
        if request.len() >= REQUEST_BYTES || connection.read_buf(&mut request).await? == 0 {
            return Ok(());
        }
    }
    let answer = respond(&request, || meter.lock().prometheus());
    connection.write_all(answer.as_bytes()).await?;
    connection.shutdown().await
}

fn respond(request: &[u8], metrics: impl Fn() -> String) -> String {
    let (status, body) = match request {
        [b'G', b'E', b'T', b' ', path @ ..] if path.starts_with(b"/metrics ") => {
            ("200 OK", metrics())
        }
        _ => ("404 Not Found", "The counts are at GET /metrics.\n".to_owned()),
    };
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain; version=0.0.4; charset=utf-8\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_counts_are_served_and_nothing_else() {
        let meter = Meter::default();
        meter.lock().read = 7;
        let address = serve("127.0.0.1:0".parse().unwrap(), meter).await.unwrap();
        let get = async |path: &str| reqwest::get(format!("http://{address}{path}")).await.unwrap();
        let counts = get("/metrics").await;
        assert_eq!(counts.status(), 200);
        assert!(counts.text().await.unwrap().contains("\nroomcast_bridge_read_total 7\n"));
        assert_eq!(get("/").await.status(), 404);
        let taken = serve(address, Meter::default()).await.unwrap_err();
        assert!(taken.to_string().starts_with("--metrics 127.0.0.1:"));
    }
}
