//! The dashboard's files. They are compiled into the Worker, so that it needs no other place for them.
//!
//! Knows their names and media types, not their contents.

use sha2::{Digest, Sha256};
use web_sys::Request;
use worker::{Response, Result};

use super::headers::header;
use crate::protocol::etag;

/// One file of the dashboard.
pub(super) struct File {
    media_type: &'static str,
    text: &'static str,
}

const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const JS: &str = "text/javascript; charset=utf-8";

macro_rules! files {
    ($($path:literal => $file:literal, $media_type:ident;)*) => {
        /// The file at a path.
        pub(super) fn file(path: &str) -> Option<File> {
            match path {
                $($path => Some(File {
                    media_type: $media_type,
                    text: include_str!(concat!("../../dashboard/", $file)),
                }),)*
                _ => None,
            }
        }
    };
}

files! {
    "/" => "index.html", HTML;
    "/dashboard/style.css" => "style.css", CSS;
    "/dashboard/main.js" => "main.js", JS;
    "/dashboard/live.js" => "live.js", JS;
    "/dashboard/position.js" => "position.js", JS;
    "/dashboard/session.js" => "session.js", JS;
    "/dashboard/view.js" => "view.js", JS;
    "/dashboard/dom.js" => "dom.js", JS;
    "/dashboard/words.js" => "words.js", JS;
    "/watch" => "watch.html", HTML;
    "/dashboard/watch.js" => "watch.js", JS;
    "/dashboard/frames.js" => "frames.js", JS;
}

/// The page may load its own files and talk to its own server, and nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

impl File {
    /// The file, or 304 if the browser has the file of this release.
    pub(super) fn response(&self, request: &Request) -> Result<Response> {
        let tag = self.tag();
        let known = header(request, "if-none-match");
        let mut response = if known.is_some_and(|known| etag::matches(&known, &tag)) {
            Response::empty()?.with_status(304)
        } else {
            Response::from_bytes(self.text.as_bytes().to_vec())?
        };
        let headers = response.headers_mut();
        headers.set("content-type", self.media_type)?;
        headers.set("etag", &tag)?;
        headers.set("cache-control", "no-cache")?;
        headers.set("content-security-policy", POLICY)?;
        headers.set("x-content-type-options", "nosniff")?;
        headers.set("referrer-policy", "no-referrer")?;
        Ok(response)
    }

    /// Changes with the file, so that a browser asks once per release.
    fn tag(&self) -> String {
        let [a, b, c, d, ..]: [u8; 32] = Sha256::digest(self.text.as_bytes()).into();
        let hex = u32::from_be_bytes([a, b, c, d]);
        format!("\"{hex:08x}\"")
    }
}
