//! Names of hosts that visitors may be sent to.

use super::Refused;
use super::characters::is_disguised;

/// Longest name, and longest part of one. Bytes. Source: RFC 1035, 2.3.4; the name without its root.
const LONGEST_NAME: usize = 253;
const LONGEST_LABEL: usize = 63;

/// Last labels that the public DNS does not have: their names lead nowhere, or to whatever the visitor's
/// network means by them. (`test` and `example`, which RFC 6761 reserves as well, harm nobody, and are what
/// people try things out with.)
const NEVER_PUBLIC: [&str; 16] = [
    // RFC 6761, RFC 9476.
    "alt",
    "invalid",
    "localhost",
    // RFC 6762, and the names that its appendix G finds in networks; `internal` is ICANN's choice since 2024.
    "corp",
    "home",
    "internal",
    "intranet",
    "lan",
    "local",
    "private",
    // With `corp` and `home`, what ICANN will not delegate, since it is used inside (resolution of
    // 4 February 2018).
    "mail",
    // The tree of the internet's own machinery (RFC 3172), with `home.arpa` (RFC 8375).
    "arpa",
    // What systems and routers, Kubernetes and Consul call their own unless told otherwise.
    "consul",
    "domain",
    "localdomain",
    "svc",
];

/// Whether visitors may be sent to a host of this name, in punycode.
pub(super) fn check(name: &str) -> Result<(), Refused> {
    let name = name.strip_suffix('.').unwrap_or(name);
    // Nearly all names are read as they are written.
    if name.contains("xn--") && is_disguised(&idna::domain_to_unicode(name).0) {
        return Err(Refused::DisguisingCharacter);
    }
    let last = name.rsplit('.').next().unwrap_or_default();
    if NEVER_PUBLIC.contains(&last) {
        return Err(Refused::PrivateAddress);
    }
    match is_public_name(name) {
        true => Ok(()),
        false => Err(Refused::Host),
    }
}

/// Whether it can be the name of a host (RFC 1123, 2.1) outside of a network. There are hosts with `_` in their
/// names, too, but no names are registered with it.
fn is_public_name(name: &str) -> bool {
    let mut labels = name.rsplit('.');
    let registered = [labels.next(), labels.next()];
    name.len() <= LONGEST_NAME
        && registered.iter().all(|label| label.is_some_and(is_label))
        && labels.all(|label| is_label(&label.replace('_', "x")))
}

fn is_label(label: &str) -> bool {
    let is_right = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=LONGEST_LABEL).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(is_right)
}

#[cfg(test)]
mod tests {
    use crate::target::Refused::{self, *};
    use crate::target::tests::checked;

    /// Each host must be refused for the same reason.
    fn assert_refused(hosts: &[&str], reason: Refused) {
        for host in hosts {
            assert_eq!(checked(&format!("http://{host}/")), Err(reason), "{host}");
        }
    }

    /// A label as a target may have it: in punycode.
    fn encoded(label: &str) -> String {
        let puny = idna::punycode::encode_str(label).unwrap();
        format!("http://xn--{puny}.com/")
    }

    #[test]
    fn what_cannot_be_seen_in_a_host_is_found_however_it_is_written() {
        let percent = [
            "exa%C2%ADmple.com",
            "%E2%80%8Bexample.com",
            "example%E2%81%A0.com",
            "%EF%BB%BFexample.com",
            "ex%CD%8Fample.com",
            "example%0a.com",
            "example%20.com",
            "example%5c.com",
            "example.com%E3%85%A4:8443",
        ];
        assert_refused(&percent, DisguisingCharacter);
        assert_refused(
            &["xn--6ii.com", "xn--bf1h.com", "xn--example-sb0e.com"],
            DisguisingCharacter,
        );
        // Those that the parser lets through in punycode.
        for label in ["example\u{2800}", "\u{1d159}", "a\u{16fe4}", "\u{13441}"] {
            let raw = encoded(label);
            assert_eq!(checked(&raw), Err(DisguisingCharacter), "{raw}");
        }
    }

    #[test]
    fn what_looks_like_the_syntax_of_urls_is_no_part_of_a_host() {
        for sign in
            "\u{2215}\u{2044}\u{29f8}\u{2571}\u{2024}\u{a789}\u{2236}\u{2216}\u{30ce}\u{294}\u{6f0}"
                .chars()
        {
            let host = format!("https://example.com{sign}login.evil.com");
            assert_eq!(checked(&host), Err(DisguisingCharacter), "{host}");
            let percent = url::form_urlencoded::byte_serialize(sign.to_string().as_bytes())
                .collect::<String>();
            let host = format!("https://example.com{percent}login.evil.com");
            assert_eq!(checked(&host), Err(DisguisingCharacter), "{host}");
            let puny = encoded(&format!("com{sign}login"));
            let is_accepted = checked(&puny).is_ok();
            assert!(!is_accepted, "{puny}");
        }
        // These would become dots and slashes.
        for sign in "\u{3002}\u{ff0e}\u{ff61}\u{ff0f}\u{ff1f}\u{ff20}\u{ff1a}\u{ff03}\u{bd}".chars()
        {
            let host = format!("https://example.com{sign}evil.com");
            assert_eq!(checked(&host), Err(DisguisingCharacter), "{host}");
        }
    }

    #[test]
    fn letters_that_look_like_syntax_are_letters_among_their_own() {
        for host in [
            "ノート.jp",
            "きのこの山ノ手.jp",
            "www.ノルウェー2.com",
            "\u{930}\u{941}\u{903}\u{916}.com", // Visarga, which looks like a colon.
            "i\u{2764}.ws",
            "xn--i-7iq.ws",
            "bücher.de",
            "a·b.com",
        ] {
            let raw = format!("https://{host}/");
            assert!(checked(&raw).is_ok(), "{host}: {:?}", checked(&raw));
        }
    }

    #[test]
    fn only_what_can_be_a_host_name_is_one() {
        let label = "x".repeat(63);
        let longest = format!("{label}.{label}.{label}.{}", "x".repeat(61));
        assert!(checked(&format!("http://{longest}/")).is_ok());
        assert!(
            checked(&format!("http://{longest}./")).is_ok(),
            "with its root"
        );
        assert_refused(
            &[
                &format!("x{label}.com"),
                &format!("x{longest}"),
                "foo\".com",
                "foo`.com",
                "foo{}.com",
                "foo;.com",
                "foo(.com",
                "foo!.com",
                "foo,bar.com",
                "*.example.com",
                "-foo.com",
                "foo-.com",
                "a.-b.example.com",
                "foo.com-",
                "foo_bar.com",
                "foo.c_m",
                "foo%25.com",
            ],
            Host,
        );
        for host in ["foo_bar.example.com", "_x.example.com", "a--b.com", "3.com"] {
            assert!(checked(&format!("http://{host}/")).is_ok(), "{host}");
        }
    }

    #[test]
    fn names_that_are_never_public_are_refused() {
        assert_refused(
            &[
                "localhost.localdomain",
                "db.LocalDomain.",
                "wiki.intranet",
                "intranet",
                "ad.corp",
                "a.b.home",
                "smtp.mail",
                "api.default.svc",
                "api.default.svc.cluster.local",
                "nas.lan",
                "nas.private",
                "router.domain",
                "vault.service.consul",
                "a.internal",
                "a.invalid",
                "a.alt",
                "1.0.0.127.in-addr.arpa",
            ],
            PrivateAddress,
        );
        for host in [
            "a.test",
            "a.example",
            "mail.com",
            "home.dev",
            "corp.example.com",
        ] {
            assert!(checked(&format!("http://{host}/")).is_ok(), "{host}");
        }
    }
}
