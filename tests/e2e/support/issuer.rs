//! An issuer of tokens: signs with keys of its own, and serves them as a JWKS.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Arc;

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::Engine as _;
use ed25519_dalek::{Signer as _, SigningKey};
use serde_json::{json, Value};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::clock::now;

/// An issuer. It serves one key, `k-1`, whatever it is asked for.
#[derive(Debug)]
pub(crate) struct Issuer {
    address: String,
    fetched: Arc<AtomicUsize>,
}

/// The key with a name.
fn key(kid: &str) -> SigningKey {
    let mut seed = [7; 32];
    seed.iter_mut().zip(kid.bytes()).for_each(|(byte, name)| *byte = name);
    SigningKey::from_bytes(&seed)
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl Issuer {
    /// Starts serving.
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("its address").to_string();
        let fetched = Arc::new(AtomicUsize::new(0));
        let count = fetched.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(socket));
            }
        });
        Self { address, fetched }
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> String {
        self.address.clone()
    }

    /// How often it was asked.
    pub(crate) fn fetched(&self) -> usize {
        self.fetched.load(Ordering::Relaxed)
    }

    /// A token for a session, signed with the key of this name, which it need not serve.
    pub(crate) fn token(kid: &str, session: &str) -> String {
        let claims = json!({"iss": "roomcast", "aud": "roomcast:demo", "sub": "ada", "sessions": [session],
            "exp": now().seconds() + 600});
        let header = json!({"alg": "EdDSA", "kid": kid, "typ": "JWT"});
        let signed = [header, claims].map(|part: Value| encoded(part.to_string())).join(".");
        let signature = key(kid).sign(signed.as_bytes()).to_bytes();
        format!("{signed}.{}", encoded(signature))
    }
}

async fn serve(mut socket: TcpStream) {
    let mut request = [0; 4_096];
    let _ = socket.read(&mut request).await;
    let point = encoded(key("k-1").verifying_key());
    let jwk = json!({"kty": "OKP", "crv": "Ed25519", "kid": "k-1", "use": "sig", "x": point});
    let body = json!({"keys": [jwk]}).to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let _ = socket.write_all((head + &body).as_bytes()).await;
}
