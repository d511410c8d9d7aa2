use contract::LinkOptions;
use serde::Serialize;
use unicode_script::Script;
use unicode_security::mixed_script::AugmentedScriptSet;
use url::Url;
use utoipa::ToSchema;

/// What somebody should look at twice. No reason to refuse a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LinkWarning {
    /// A host that the link leads to has letters of several scripts in one label, such as Latin ones and a
    /// Cyrillic one: it may look like another host.
    MixedScript,
}

impl LinkWarning {
    /// What there is to say about the addresses of a link.
    pub(super) fn all(original_url: &str, options: &LinkOptions) -> Vec<Self> {
        let mut targets = options.targets().chain([original_url]);
        match targets.any(has_mixed_script) {
            true => vec![Self::MixedScript],
            false => Vec::new(),
        }
    }
}

fn has_mixed_script(target: &str) -> bool {
    // Others are ASCII. Nearly all targets.
    if !target.contains("xn--") {
        return false;
    }
    let url = Url::parse(target).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    let (host, _) = idna::domain_to_unicode(host);
    host.split('.').any(mixes_scripts)
}

/// Whether a label is beyond "highly restrictive" (UTS 39, 5.2): one script, or Latin with those that
/// Chinese, Japanese or Korean is written in. Unlike there, rare letters are no reason in themselves.
fn mixes_scripts(label: &str) -> bool {
    let mut all = AugmentedScriptSet::default();
    let mut beside_latin = AugmentedScriptSet::default();
    for character in label.chars() {
        let scripts = AugmentedScriptSet::for_char(character);
        all.intersect_with(scripts);
        if !scripts.base.contains_script(Script::Latin) {
            beside_latin.intersect_with(scripts);
        }
    }
    let is_east_asian = beside_latin.hanb || beside_latin.jpan || beside_latin.kore;
    all.is_empty() && !is_east_asian
}

#[cfg(test)]
mod tests {
    use super::*;

    fn warned(host: &str) -> bool {
        let url = Url::parse(&format!("https://{host}/")).unwrap();
        has_mixed_script(url.as_str())
    }

    #[test]
    fn labels_of_several_scripts_are_told_from_those_of_one() {
        for host in [
            "\u{430}pple.com",        // Cyrillic a
            "g\u{3bf}\u{3bf}gle.com", // Greek omicron
            "www.p\u{430}ypal.example.com",
            "\u{3b1}\u{430}.com",
            "\u{e01}a.com",
        ] {
            assert!(warned(host), "{host}");
        }
        for host in [
            "example.com",
            "bücher.example",
            "пример.com",
            "яндекс-2.example",
            "παράδειγμα.gr",
            "日本語ひらがなカタカナ.jp",
            "sony日本.jp",
            "한국어korea.kr",
            "中文abc.cn",
            "นี่.example",
            "xn--a.example",
        ] {
            let url = Url::parse(&format!("https://{host}/"));
            assert!(url.is_err() || !warned(host), "{host}");
        }
        assert!(!has_mixed_script("https://example.com/xn--80ak6aa92e"));
    }
}
