//! Names of hosts that visitors may be sent to.

use super::Refused;

pub(super) fn check(name: &str) -> Result<(), Refused> {
    let name = name.strip_suffix('.').unwrap_or(name);
    let mut labels = name.rsplit('.');
    let last = labels.next().unwrap_or_default();
    // RFC 6761 and 6762, RFC 8375, and ICANN's reservation of "internal".
    if matches!(last, "localhost" | "local" | "internal" | "lan" | "home")
        || name.ends_with(".home.arpa")
    {
        return Err(Refused::PrivateAddress);
    }
    if name.split('.').any(str::is_empty) || labels.next().is_none() {
        return Err(Refused::Host);
    }
    Ok(())
}
