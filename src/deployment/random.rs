//! The only place in the programs that asks for random bytes.
//!
//! They become secrets that cannot be guessed, message ids that are unique, and pauses that differ.

use super::failure::Failure;

/// A `webhook-id`: `msg_` and 16 random hex digits.
///
/// # Errors
/// [`Failure::Machine`] if the system has no random source.
pub fn message_id() -> Result<String, Failure> {
    let random = getrandom::u64();
    let random = random
        .map_err(|error| Failure::Machine(format!("the system gives no random bytes: {error}")))?;
    Ok(format!("msg_{random:016x}"))
}

/// Bytes that nobody can guess, for a secret.
///
/// # Errors
/// [`Failure::Machine`] if the system has no random source.
pub fn bytes<const N: usize>() -> Result<[u8; N], Failure> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::Machine(format!("the system gives no random bytes: {error}")))?;
    Ok(bytes)
}

/// A random number to spread pauses with. If the system has none, a constant is good enough.
pub fn spread() -> u32 {
    getrandom::u32().unwrap_or(u32::MAX / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_id_has_no_dot_and_is_new_each_time() {
        let (one, other) = (message_id().unwrap(), message_id().unwrap());
        assert!(one.starts_with("msg_") && one.len() == 20 && !one.contains('.'));
        assert_ne!(one, other);
    }
}
