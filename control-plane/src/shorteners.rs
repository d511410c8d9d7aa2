//! Other link shorteners. Nobody sees where their links lead, they can lead elsewhere tomorrow, and a chain
//! of them hides a target from every check of ours.

use std::sync::LazyLock;

use crate::blocklist::Hosts;

/// Hosts whose addresses are short links and little else. Those where people also look at pages (such as
/// `youtu.be`, which always leads to one site) are not among them.
const HOSTS: &str = "
0rz.tw
1url.com
2no.co
adf.ly
adfoc.us
amzn.eu
amzn.to
bc.vc
bit.do
bit.ly
bitly.ws
bl.ink
buff.ly
chilp.it
clck.ru
cli.gs
cutt.ly
cutt.us
dlvr.it
dub.link
dub.sh
dwz.cn
fb.me
gg.gg
git.io
goo.gl
goo.su
grabify.link
han.gl
hubs.ly
ift.tt
iplogger.org
is.gd
j.mp
kutt.it
kutt.to
lnkd.in
mcaf.ee
me2.do
n9.cl
ouo.io
ouo.press
ow.ly
po.st
ppt.cc
pse.is
q.gs
qr.ae
qrco.de
rb.gy
rebrand.ly
reurl.cc
s.id
short.gy
short.io
shorte.st
shorturl.asia
shorturl.at
smarturl.it
snip.ly
snipurl.com
soo.gd
spoo.me
su.pr
surl.li
t.cn
t.co
t.ly
t2m.io
tiny.cc
tiny.one
tiny.pl
tinyurl.com
tny.im
tr.im
trib.al
u.nu
u.to
url.cn
urlz.fr
v.gd
v.ht
vk.cc
x.co
x.gd
zpr.io
zzb.bz
";

/// Hosts below those whose links always lead to one site.
const OF_ONE_SITE: &str = "
maps.app.goo.gl
photos.app.goo.gl
";

static SHORTENERS: LazyLock<Hosts> = LazyLock::new(|| Hosts::read(HOSTS));
static EXCEPTIONS: LazyLock<Hosts> = LazyLock::new(|| Hosts::read(OF_ONE_SITE));

/// Whether an address is a short link of another service.
pub fn is_short(address: &str) -> bool {
    SHORTENERS.contain(address) && !EXCEPTIONS.contain(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_order_and_names_nobody_twice() {
        let hosts: Vec<&str> = HOSTS.trim().lines().collect();
        assert!(hosts.is_sorted_by(|one, next| one < next), "{hosts:?}");
        assert_eq!(SHORTENERS.len(), hosts.len(), "each can be read");
    }

    #[test]
    fn hosts_are_found_in_any_spelling() {
        for short in [
            "https://bit.ly/x",
            "http://T.CO./x",
            "https://www.tinyurl.com/",
            "https://goo.gl/x",
            "https://amzn.to/x",
            "https://links.short.io/x",
        ] {
            assert!(is_short(short), "{short}");
        }
        for long in [
            "https://rabbit.ly/",
            "https://youtu.be/x",
            "https://maps.app.goo.gl/x",
            "https://example.com/?to=https://bit.ly/x",
        ] {
            assert!(!is_short(long), "{long}");
        }
    }
}
