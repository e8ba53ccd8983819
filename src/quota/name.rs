//! What the objects are called that count. The tenant comes first, so no two tenants share one.

use sha2::{Digest, Sha256};

use super::address::Address;
use crate::protocol::ids::{PresetName, TenantName};

/// The seat of a user: `tenant/u/<hash>`. A hash, because the name of a user may be longer than the name of an object.
pub fn of_user(tenant: &TenantName, user: &str) -> String {
    let hash: [u8; 32] = Sha256::digest(user.as_bytes()).into();
    let half = hash.first_chunk().copied().map(u128::from_be_bytes).unwrap_or_default();
    format!("{tenant}/u/{half:032x}")
}

/// The seat of an address: `tenant/a/<address>`; or `tenant/a/<address>/<preset>`, where a document has a limit of its own.
pub fn of_address(tenant: &TenantName, address: Address, preset: Option<&PresetName>) -> String {
    format!("{tenant}/a/{}", of_address_within(address, preset))
}

/// What such a seat counts for, in words that its tenant's rooms understand.
pub fn of_address_within(address: Address, preset: Option<&PresetName>) -> String {
    match preset {
        None => address.to_string(),
        Some(preset) => format!("{address}/{preset}"),
    }
}

/// The seat of an address that wants to open the console: `#console/a/<address>`. No tenant's name begins so.
pub fn of_console(address: Address) -> String {
    format!("#console/a/{address}")
}

/// The object that hands out what a tenant may post: `tenant/e`.
pub fn of_events(tenant: &TenantName) -> String {
    format!("{tenant}/e")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_objects_are_unchanged() {
        let (tenant, preset) = ("acme".parse().unwrap(), "admin".parse().unwrap());
        assert_eq!(of_user(&tenant, "ada"), "acme/u/fdee430d40bd57deeac186cd9790033d");
        let address = Address::parse("2001:db8::1").unwrap();
        assert_eq!(of_address(&tenant, address, None), "acme/a/2001:db8::/64");
        assert_eq!(of_address(&tenant, address, Some(&preset)), "acme/a/2001:db8::/64/admin");
        assert_eq!(of_console(address), "#console/a/2001:db8::/64");
        assert_eq!(of_events(&tenant), "acme/e");
    }

    #[test]
    fn users_have_objects_of_their_own_in_each_tenant() {
        let (acme, other) = ("acme".parse().unwrap(), "other".parse().unwrap());
        assert_ne!(of_user(&acme, "ada"), of_user(&acme, "Ada"));
        assert_ne!(of_user(&acme, "ada"), of_user(&other, "ada"));
        assert_ne!(of_user(&acme, "a/../b"), of_user(&acme, "b"));
        assert!(of_user(&acme, &"\u{1F600}".repeat(256)).len() < 100);
    }
}
