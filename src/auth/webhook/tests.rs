use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use super::*;
use crate::protocol::post::GitHubHeaders;

const NOW: Timestamp = Timestamp(1_767_780_000_000);
const OLD: &str = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";
const INVALID: Distrust = Distrust::Invalid(Scheme::Standard);
const MISSING: Distrust = Distrust::Missing(Scheme::Standard);
const NEW: &str = "whsec_enp6enp6enp6enp6enp6enp6enp6enp6";

fn secrets(text: &str) -> WebhookSecrets {
    WebhookSecrets::parse(text).unwrap()
}

fn verdict(active: &str, signature: &str, at: i64, body: &[u8]) -> Result<(), Distrust> {
    let timestamp = at.to_string();
    let headers = standard("msg_1", &timestamp, signature);
    verify(&secrets(active), &headers, body, NOW).map(|_| ())
}

fn standard<'h>(id: &'h str, timestamp: &'h str, signature: &'h str) -> PostHeaders<'h> {
    let (timestamp, signature) = (Some(timestamp), Some(signature));
    PostHeaders { id: Some(id), timestamp, signature, ..PostHeaders::default() }
}

#[test]
fn a_signature_of_the_reference_library_is_accepted() {
    let theirs = standardwebhooks::Webhook::new(OLD).unwrap();
    let signature = theirs.sign("msg_1", NOW.seconds(), b"{}").unwrap();
    assert_eq!(verdict(OLD, &signature, NOW.seconds(), b"{}"), Ok(()));
    assert_eq!(signature, sign(&secrets(OLD), "msg_1", NOW, b"{}"));
}

#[test]
fn one_listed_signature_by_one_active_secret_is_enough() {
    let by_old = sign(&secrets(OLD), "msg_1", NOW, b"{}");
    let both = format!("{NEW} {OLD}");
    assert_eq!(verdict(&both, &format!("v1a,AAAA v1,AAAA {by_old}"), NOW.seconds(), b"{}"), Ok(()));
    assert_eq!(verdict(NEW, &by_old, NOW.seconds(), b"{}"), Err(INVALID));
}

#[test]
fn a_changed_body_id_or_time_is_invalid() {
    let signature = sign(&secrets(OLD), "msg_1", NOW, b"{}");
    assert_eq!(verdict(OLD, &signature, NOW.seconds(), b"{ }"), Err(INVALID));
    assert_eq!(verdict(OLD, &signature, NOW.seconds() + 1, b"{}"), Err(INVALID));
    let other = sign(&secrets(OLD), "msg_2", NOW, b"{}");
    assert_eq!(verdict(OLD, &other, NOW.seconds(), b"{}"), Err(INVALID));
}

#[test]
fn an_empty_or_cut_signature_is_invalid() {
    let signature = sign(&secrets(OLD), "msg_1", NOW, b"{}");
    let (head, tail) = signature.split_at(10);
    for bad in ["v1,", "", "v1", ",", head, tail] {
        assert_eq!(verdict(OLD, bad, NOW.seconds(), b"{}"), Err(INVALID), "{bad:?}");
    }
}

#[test]
fn clocks_may_differ_by_five_minutes() {
    for (offset, want) in
        [(300, Ok(())), (-300, Ok(())), (301, Err(Distrust::Stale)), (-301, Err(Distrust::Stale))]
    {
        let at = NOW.seconds() + offset;
        let then = Timestamp(u64::try_from(at).unwrap() * 1_000);
        let signature = sign(&secrets(OLD), "msg_1", then, b"{}");
        assert_eq!(verdict(OLD, &signature, at, b"{}"), want, "{offset}");
    }
}

#[test]
fn a_malformed_header_counts_as_missing() {
    let full = || standard("m", "1", "v1,x");
    for headers in [
        PostHeaders { id: None, ..full() },
        PostHeaders { id: Some("a.b"), ..full() },
        PostHeaders { id: Some(""), ..full() },
        PostHeaders { timestamp: None, ..full() },
        PostHeaders { timestamp: Some("1.5"), ..full() },
        PostHeaders { timestamp: Some("now"), ..full() },
        PostHeaders { timestamp: Some(""), ..full() },
        PostHeaders { timestamp: Some("99999999999999999999"), ..full() },
        PostHeaders { signature: None, ..full() },
    ] {
        assert_eq!(verify(&secrets(OLD), &headers, b"", NOW), Err(MISSING));
    }
}

/// Each timestamp is signed exactly as it is sent, so that only its spelling can be wrong.
#[test]
fn a_timestamp_has_exactly_one_accepted_spelling() {
    let seconds = NOW.seconds();
    let verdict = |timestamp: String| {
        let mac = Hmac::<Sha256>::new_from_slice(b"012345678901234567890123").unwrap();
        let mac = mac.chain_update(format!("msg_1.{timestamp}.{{}}"));
        let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        let secret = format!("whsec_{}", STANDARD.encode("012345678901234567890123"));
        let headers = standard("msg_1", &timestamp, &signature);
        verify(&secrets(&secret), &headers, b"{}", NOW).map(|signed| signed.at)
    };
    assert_eq!(verdict(seconds.to_string()), Ok(NOW), "when it was signed");
    assert_eq!(verdict("0".to_owned()), Err(Distrust::Stale));
    for written in [
        format!("+{seconds}"),
        format!("-{seconds}"),
        format!("0{seconds}"),
        format!(" {seconds}"),
        format!("{seconds} "),
        format!("{seconds}.0"),
        "1e9".to_owned(),
        "00".to_owned(),
        "-0".to_owned(),
        "١٧".to_owned(),
    ] {
        assert_eq!(verdict(written.clone()), Err(MISSING), "{written:?}");
    }
}

/// What a program of somebody else signed, and the secret in a setting.
struct Theirs {
    secret: String,
    body: String,
    headers: Vec<(String, String)>,
}

impl Theirs {
    fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn headers(&self) -> PostHeaders<'_> {
        let mut names = crate::protocol::post::NAMES.split(',');
        PostHeaders::of(std::array::from_fn(|_| self.header(names.next().unwrap())))
    }

    fn verdict(&self, active: &str) -> Result<Signed, Distrust> {
        verify(&secrets(active), &self.headers(), self.body.as_bytes(), NOW)
    }
}

fn theirs() -> Vec<Theirs> {
    let file = include_str!("../../../tests/fixtures/signatures/signatures.json");
    let file: serde_json::Value = serde_json::from_str(file).unwrap();
    assert_eq!(file["time"], NOW.seconds());
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let headers = |post: &serde_json::Value| {
        let headers = post["headers"].as_object().unwrap().iter();
        headers.map(|(name, value)| (name.clone(), text(value))).collect()
    };
    let posts = file["posts"].as_array().unwrap().iter();
    posts
        .map(|post| Theirs {
            secret: text(&post["secret"]),
            body: text(&post["body"]),
            headers: headers(post),
        })
        .collect()
}

#[test]
fn what_other_programs_sign_is_accepted_with_its_own_secret_only() {
    let theirs = theirs();
    let all = theirs.iter().map(|one| one.secret.as_str()).collect::<Vec<_>>().join(" ");
    for one in &theirs {
        assert_eq!(one.verdict(&one.secret).map(|signed| signed.at), Ok(NOW));
        assert!(one.verdict(&all).is_ok(), "all secrets are active");
        let others: Vec<_> =
            theirs.iter().map(|other| other.secret.as_str()).filter(|s| *s != one.secret).collect();
        let scheme = one.headers().scheme().unwrap();
        assert_eq!(one.verdict(&others.join(" ")), Err(Distrust::Invalid(scheme)));
        let changed = Theirs {
            body: format!("{} ", one.body),
            secret: String::new(),
            headers: one.headers.clone(),
        };
        assert_eq!(changed.verdict(&all), Err(Distrust::Invalid(scheme)));
    }
}

fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).fold(String::new(), |text, digit| {
        text + &char::from_digit(u32::from(digit), 16).unwrap().to_string()
    })
}

#[test]
fn the_secret_of_one_scheme_never_verifies_a_signature_of_another() {
    // The same bytes as a secret of each scheme, and a right MAC of each.
    let bytes = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3";
    let mac = |text: &str| {
        let mac = Hmac::<Sha256>::new_from_slice(bytes.as_bytes()).unwrap();
        mac.chain_update(text).finalize().into_bytes()
    };
    let hex = |text: &str| hex_of(&mac(text));
    let seconds = NOW.seconds();
    let (hub, stripe) = (
        format!("sha256={}", hex("{}")),
        format!("t={seconds},v1={}", hex(&format!("{seconds}.{{}}"))),
    );
    let github = GitHubHeaders { signature: Some(&hub), ..GitHubHeaders::default() };
    let by_github = PostHeaders { github, ..PostHeaders::default() };
    let by_stripe = PostHeaders { stripe: Some(&stripe), ..PostHeaders::default() };
    let with = |active: &str, headers: &PostHeaders<'_>| {
        verify(&secrets(active), headers, b"{}", NOW).map(|signed| signed.scheme)
    };
    let (as_github, as_stripe) = (format!("github:{bytes}"), format!("stripe:{bytes}"));
    assert_eq!(with(&as_github, &by_github), Ok(Scheme::GitHub));
    assert_eq!(with(&as_stripe, &by_stripe), Ok(Scheme::Stripe));
    for other in [as_stripe.as_str(), bytes] {
        assert_eq!(with(other, &by_github), Err(Distrust::Invalid(Scheme::GitHub)));
    }
    for other in [as_github.as_str(), bytes] {
        assert_eq!(with(other, &by_stripe), Err(Distrust::Invalid(Scheme::Stripe)));
    }
    let (signature, timestamp) = (sign(&secrets(bytes), "m", NOW, b"{}"), seconds.to_string());
    let by_standard = standard("m", &timestamp, &signature);
    assert_eq!(with(bytes, &by_standard), Ok(Scheme::Standard));
    for other in [as_github, as_stripe] {
        assert_eq!(with(&other, &by_standard), Err(INVALID));
    }
}

#[test]
fn a_request_with_headers_of_several_schemes_is_refused_however_right_they_are() {
    let theirs = theirs();
    let all = theirs.iter().map(|one| one.secret.as_str()).collect::<Vec<_>>().join(" ");
    let of = |name: &str| theirs.iter().find(|one| one.header(name).is_some()).unwrap();
    let names = ["webhook-id", "x-hub-signature-256", "stripe-signature"];
    for (one, other) in [(0, 1), (0, 2), (1, 2)] {
        let (one, other) = (of(names[one]), of(names[other]));
        let headers = [one.headers.clone(), other.headers.clone()].concat();
        let mixed = Theirs { secret: String::new(), body: one.body.clone(), headers };
        assert_eq!(mixed.verdict(&all), Err(Distrust::Mixed));
    }
}

#[test]
fn a_signature_of_stripe_is_as_fresh_as_one_of_the_standard_and_well_formed() {
    let one = theirs().into_iter().find(|one| one.header("stripe-signature").is_some()).unwrap();
    let header = one.header("stripe-signature").unwrap().to_owned();
    let verdict = |header: &str, now: i64| {
        let now = Timestamp(u64::try_from(now).unwrap() * 1_000);
        let headers = PostHeaders { stripe: Some(header), ..PostHeaders::default() };
        verify(&secrets(&one.secret), &headers, one.body.as_bytes(), now).map(|signed| signed.at)
    };
    let seconds = NOW.seconds();
    assert_eq!(verdict(&header, seconds + 300), Ok(NOW));
    assert_eq!(verdict(&header, seconds - 300), Ok(NOW));
    assert_eq!(verdict(&header, seconds + 301), Err(Distrust::Stale));
    assert_eq!(verdict(&header, seconds - 301), Err(Distrust::Stale));
    let (time, digest) = header.split_once(',').unwrap();
    let wrong = format!("v1={}", "0".repeat(64));
    for right in [
        format!("{time},{wrong},{digest}"),
        format!("{digest},{time}"),
        format!("{header},v0={}", "1".repeat(64)),
    ] {
        assert_eq!(verdict(&right, seconds), Ok(NOW), "{right}");
    }
    assert_eq!(
        verdict(&format!("{time},{wrong}"), seconds),
        Err(Distrust::Invalid(Scheme::Stripe))
    );
    let later = format!("t={}", seconds + 1);
    assert_eq!(
        verdict(&format!("{later},{digest}"), seconds),
        Err(Distrust::Invalid(Scheme::Stripe))
    );
    for malformed in [
        String::new(),
        time.to_owned(),
        digest.to_owned(),
        format!("{time},{time},{digest}"),
        format!("{time},{later},{digest}"),
        format!("t=+{seconds},{digest}"),
        format!("t=0{seconds},{digest}"),
        format!("{time},v1="),
        format!("{time},v1={}", "0".repeat(63)),
        format!("{header},"),
        format!("{time},v0={}", "1".repeat(64)),
    ] {
        assert_eq!(
            verdict(&malformed, seconds),
            Err(Distrust::Missing(Scheme::Stripe)),
            "{malformed}"
        );
    }
}

#[test]
fn a_signature_of_github_has_one_form() {
    let one = theirs().into_iter().find(|one| one.header("x-hub-signature-256").is_some()).unwrap();
    let right = one.header("x-hub-signature-256").unwrap().to_owned();
    for (signature, wanted) in [
        (right.replace("sha256=", "sha1="), Distrust::Missing(Scheme::GitHub)),
        (right.replace("sha256=", ""), Distrust::Missing(Scheme::GitHub)),
        (right.to_uppercase(), Distrust::Missing(Scheme::GitHub)),
        (right.chars().take(70).collect(), Distrust::Missing(Scheme::GitHub)),
        (String::new(), Distrust::Missing(Scheme::GitHub)),
        (format!("sha256={}", "0".repeat(64)), Distrust::Invalid(Scheme::GitHub)),
    ] {
        let headers = vec![("x-hub-signature-256".to_owned(), signature.clone())];
        let bad = Theirs { secret: String::new(), body: one.body.clone(), headers };
        assert_eq!(bad.verdict(&one.secret), Err(wanted), "{signature}");
    }
}

#[test]
fn only_the_first_signatures_with_a_private_key_are_tried() {
    let one = theirs().into_iter().find(|one| one.secret.starts_with("whpk_")).unwrap();
    let right = one.header("webhook-signature").unwrap().to_owned();
    let verdict = |signature: &str| {
        let timestamp = NOW.seconds().to_string();
        let headers = standard("msg_1", &timestamp, signature);
        verify(&secrets(&one.secret), &headers, one.body.as_bytes(), NOW).map(|_| ())
    };
    let wrong = format!("v1a,{} ", STANDARD.encode([7; 64]));
    let after = |count: usize| format!("v1,AAAA {}{right}", wrong.repeat(count));
    assert_eq!(verdict(&after(crate::limits::KEY_CHECKS - 1)), Ok(()));
    assert_eq!(verdict(&after(crate::limits::KEY_CHECKS)), Err(INVALID));
    for bad in [
        right.replace("v1a,", "v1,"),
        right.replace("v1a,", "v1b,"),
        "v1a,".to_owned(),
        right.chars().take(40).collect(),
    ] {
        assert_eq!(verdict(&bad), Err(INVALID), "{bad}");
    }
}

#[test]
fn the_attributes_of_an_event_in_binary_mode_must_be_those_that_were_signed() {
    let active = secrets(OLD);
    let lines = "ce-id:1\nce-source:/orders\nce-specversion:1.0\nce-type:order.placed";
    let (timestamp, content_type) = (NOW.seconds().to_string(), Some("application/json"));
    let verdict = |id: &str, lines: &str, content_type: Option<&str>| {
        let signature = sign(&active, id, NOW, b"{}");
        let specversion = lines.contains("ce-specversion").then_some("1.0");
        let headers = standard(id, &timestamp, &signature).with(lines);
        let headers = PostHeaders { content_type, specversion, ..headers };
        verify(&active, &headers, b"{}", NOW).map(|_| ())
    };
    let tied = PostHeaders::default().with(lines);
    let id = attributes::id(tied.attributes);
    assert_eq!(verdict(&id, lines, content_type), Ok(()));
    assert_eq!(verdict("msg_1", lines, content_type), Err(Distrust::Untied));
    assert_eq!(
        verdict(&id, &lines.replace("placed", "cancelled"), content_type),
        Err(Distrust::Untied)
    );
    assert_eq!(
        verdict(&id, &format!("{lines}\nce-subject:o-1"), content_type),
        Err(Distrust::Untied)
    );
    assert_eq!(verdict(&id, "", content_type), Err(Distrust::Untied), "attributes taken away");
    let structured = Some("application/cloudevents+json");
    assert_eq!(verdict(&id, lines, structured), Err(Distrust::Untied), "made another form");
}
