//! Other link shorteners. Nobody sees where their links lead, they can lead elsewhere tomorrow, and a chain
//! of them hides a target from every check of ours.

use std::sync::LazyLock;

use crate::blocklist::Hosts;

/// Hosts whose addresses are short links and little else. Those where people also look at pages (such as
/// `youtu.be`, which always leads to one site) are not among them.
const HOSTS: &str = "
adf.ly
bc.vc
bit.ly
bl.ink
buff.ly
clck.ru
cutt.ly
dub.sh
fb.me
is.gd
j.mp
lnkd.in
ow.ly
qr.ae
rb.gy
rebrand.ly
s.id
shorte.st
shorturl.at
soo.gd
t.co
t.ly
tiny.cc
tinyurl.com
u.to
v.gd
vk.cc
x.gd
";

static SHORTENERS: LazyLock<Hosts> = LazyLock::new(|| Hosts::read(HOSTS));

/// Whether an address is a short link of another service.
pub fn is_short(address: &str) -> bool {
    SHORTENERS.contain(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_in_any_spelling() {
        assert_eq!(SHORTENERS.len(), HOSTS.trim().lines().count());
        for short in [
            "https://bit.ly/x",
            "http://T.CO./x",
            "https://www.tinyurl.com/",
        ] {
            assert!(is_short(short), "{short}");
        }
        for long in [
            "https://rabbit.ly/",
            "https://example.com/?to=https://bit.ly/x",
        ] {
            assert!(!is_short(long), "{long}");
        }
    }
}
