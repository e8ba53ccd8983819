//! The limits of trust: tenants, keys, tokens, signatures.
//!
//! Each has its unit, and says what happens beyond it.

/// Seconds by which the clock of a webhook's sender may differ from ours, either way. The Standard Webhooks
/// reference libraries use the same value. Beyond it: 401 `signature_stale`.
pub const SIGNATURE_TOLERANCE_S: i64 = 300;

/// Secrets and public keys that a tenant's posts may be signed with. Beyond it: the document or the setting is refused.
pub const WEBHOOK_SECRETS: usize = 16;

/// Bytes of a secret that was made up by a person. Below it: the document or the setting is refused.
pub const SHARED_SECRET_BYTES: usize = 16;

/// Bytes of a token. Beyond it: 401 `token_invalid`; the token is not parsed.
pub const TOKEN_BYTES: usize = 8 * 1024;

/// Seconds by which the clock of a token's issuer may differ from ours. Beyond it: 401 `token_expired`.
pub const TOKEN_LEEWAY_S: i64 = 60;

/// Seconds from now until the latest end that a token may have, if the tenant sets no other: 30 days. Revocations have
/// to be remembered as long, plus twice [`TOKEN_LEEWAY_S`]. Beyond it: 401 `token_invalid`.
pub const TOKEN_LONGEST_S: i64 = 30 * 24 * 3_600;

/// Characters of a token's `jti`. Beyond it: 401 `token_invalid`.
pub const TOKEN_ID_CHARS: usize = 128;

/// Characters of a key's `kid`. Beyond it: the key cannot be used, and a token with such a `kid` gets 401
/// `token_invalid`.
pub const KID_CHARS: usize = 256;

/// Keys with which one token is tried: those with its `kid`, and those without one. Each may cost a millisecond. Beyond
/// it: the later keys are not tried.
pub const KEYS_TRIED: usize = 8;

/// Characters of the name of a claim. Beyond it: the document is refused.
pub const CLAIM_NAME_CHARS: usize = 256;

/// Bytes of a PEM or of a JWK. Beyond it: the key is refused.
pub const KEY_BYTES: usize = 16 * 1024;

/// Bytes of a JWKS. Those of large providers have 2 to 20 KB. Beyond it: the fetch counts as failed.
pub const JWKS_BYTES: usize = 128 * 1024;

/// Keys of a JWKS that are kept. Beyond it: the later ones are skipped, and a token of theirs gets 401 `token_invalid`.
pub const JWKS_KEYS: usize = 32;

/// Characters of the URL of a JWKS. Beyond it: the document is refused.
pub const JWKS_URL_CHARS: usize = 1024;

/// Milliseconds for which a fetched JWKS is fresh. A key that its owner withdraws is accepted for that long. Beyond it:
/// the set is fetched again, while it still serves.
pub const JWKS_FRESH_MS: u64 = 10 * 60_000;

/// Milliseconds between two fetches of a JWKS, at least, whether they failed or a token names an unknown key. A new key
/// may be refused for that long.
pub const JWKS_COOLDOWN_MS: u64 = 30_000;

/// Milliseconds for which the last good JWKS serves while its source is down. Beyond it: its tokens get 401
/// `token_invalid`.
pub const JWKS_STALE_MS: u64 = 24 * 3_600_000;
/// Milliseconds before the end of its grant at which a client is told. Beyond it: a client that needs longer to get a new
/// token has to plan it by the end that its greeting names.
pub const EXPIRY_NOTICE_MS: u64 = 60_000;

/// Milliseconds by which such a notice may come sooner, so that the notices of many clients share the waking of their room.
pub const EXPIRY_NOTICE_STEP_MS: u64 = 10_000;

/// Milliseconds between two new tokens of one connection, as each is a request to the tenant's object. Beyond it: the frame is
/// answered with the error `rate_limited` and has no other effect.
pub const TOKEN_EVERY_MS: u64 = 5_000;

/// Milliseconds in which the tenant's object must answer a room that asks about a token. Beyond it: the client gets the
/// error `busy` and keeps its grant.
pub const VERIFY_MS: u64 = 10_000;

/// Milliseconds for which the lease of a connection lets it join its room. Beyond it: 503 `room_failed`.
pub const LEASE_MS: u64 = 8_000;

/// Milliseconds by which the clocks of two objects may differ. Beyond it: there may be a connection more than the limit for a while.
pub const CLOCKS_DIFFER_MS: u64 = 2_000;

/// Milliseconds for which a room refuses a connection that it has said to be absent. Its lease has ended by then.
pub const VOID_MS: u64 = LEASE_MS + CLOCKS_DIFFER_MS;

/// Keys for tokens that a tenant's document may have. Each is tried for a token that names none. Beyond it: 422.
pub const TENANT_KEYS: usize = 16;

/// URLs of JWKS that a tenant's document may have. Beyond it: 422.
pub const TENANT_JWKS: usize = 4;

/// Host names that a tenant may have of its own. Beyond it: 422.
pub const TENANT_HOSTS: usize = 20;

/// Milliseconds for which a front Worker uses its copy of a tenant's document without asking whether it has changed.
pub const TENANT_FRESH_MS: u64 = 12_000;

/// Milliseconds for which a front Worker uses its copy of a tenant's document at all. Within this time a change takes
/// effect everywhere. If the tenant's object does not answer after it, requests are refused with 503.
pub const TENANT_STALE_MS: u64 = 25_000;

/// Milliseconds between two questions of a front Worker about keys that its copy does not have. Beyond it: a token with an
/// unknown `kid` is refused without a question.
pub const ASKED_AGAIN_MS: u64 = 1_000;

/// Milliseconds for which an issuer's answer with its keys is waited for. Beyond it: the last good set serves.
pub const JWKS_ANSWER_MS: u64 = 5_000;

/// Milliseconds for which a front Worker remembers that there is no tenant of a name, or none with a host name.
pub const UNKNOWN_TENANT_MS: u64 = 5_000;

/// Names without a tenant that a front Worker remembers at once. Beyond it: it forgets all of them, and asks again. They are
/// kept apart from the tenants, so that strangers cannot push a tenant out.
pub const UNKNOWN_TENANTS: usize = 1_000;

/// Tenants that a page of the list of tenants has at most.
pub const TENANTS_PAGE: usize = 100;

/// Rooms of a tenant that are told a rule, or ended, at once; and pointers that are ended as well.
pub const ENDING_AT_ONCE: usize = 20;

/// Milliseconds between two rounds of ending.
pub const ENDING_EVERY_MS: u64 = 2_000;

/// Milliseconds for which a deleted tenant is at least remembered, so that rooms that begin meanwhile are ended too: longer
/// than a front Worker uses a copy of the document ([`TENANT_STALE_MS`]). Meanwhile no tenant of this name can be made.
pub const ENDING_MS: u64 = 40_000;

/// Milliseconds after which all rooms of a suspended tenant are told so once more: longer than a front Worker uses a copy of
/// the document ([`TENANT_STALE_MS`]) and a connection may be on its way to its room ([`LEASE_MS`]).
pub const TOLD_AGAIN_MS: u64 = 40_000;

/// Milliseconds in which a room has to answer that it was told the rule of its tenant. Beyond it: it is told again.
pub const TELL_MS: u64 = 5_000;

/// Milliseconds after which rooms that did not answer are told again, at first. Each further time comes after as long again as
/// has passed since the rule changed.
pub const TELL_AGAIN_MS: u64 = 10_000;

/// Milliseconds for which rooms that do not answer are told again. Beyond it: they keep the rule before until the next change.
pub const TELLING_MS: u64 = 3_600_000;

/// Milliseconds for which an isolate remembers that an aggregate has no session. If another isolate learns one
/// meanwhile, this one still ignores events that do not name a session. Beyond it: the pointer is asked again.
pub const UNKNOWN_POINTER_MS: u64 = 1_000;
