//! The request that watches a session over `roomcast.v1`.

use reqwest::Url;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::http::HeaderValue;

use super::failure::Failure;

/// The upgrade request with `token` to `url`, which comes from an [`Endpoint`](super::endpoint::Endpoint).
///
/// # Errors
/// The token cannot stand in a header, or the address cannot stand in a request. The message never shows the token.
pub fn upgrade(url: &Url, token: &str) -> Result<Request, Failure> {
    let protocols = HeaderValue::from_str(&format!("roomcast.v1, roomcast.bearer.{token}"));
    let mut protocols = protocols.map_err(|_| {
        Failure::Input("the token contains characters that no token can have".to_owned())
    })?;
    protocols.set_sensitive(true);
    let request = url.as_str().into_client_request();
    let mut request = request.map_err(|error| Failure::Input(format!("--url: {error}")))?;
    request.headers_mut().insert("sec-websocket-protocol", protocols);
    Ok(request)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_offered_and_never_shown() {
        let url = Url::parse("ws://a.test/api/sessions/s-1/live").unwrap();
        let request = upgrade(&url, "x.y.z").unwrap();
        let protocols = request.headers().get("sec-websocket-protocol").unwrap();
        assert_eq!(protocols, "roomcast.v1, roomcast.bearer.x.y.z");
        assert!(!format!("{request:?}").contains("x.y.z"));
        let failure = upgrade(&url, "hunter2\n").unwrap_err();
        assert!(!failure.to_string().contains("hunter2"));
    }
}
