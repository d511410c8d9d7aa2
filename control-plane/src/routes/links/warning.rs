use std::collections::BTreeSet;

use contract::LinkOptions;
use serde::Serialize;
use unicode_script::Script;
use unicode_security::mixed_script::AugmentedScriptSet;
use unicode_security::skeleton;
use url::Url;
use utoipa::ToSchema;

/// What somebody should look at twice. No reason to refuse a link.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum LinkWarning {
    /// A host that the link leads to has letters of several scripts in one label, such as Latin ones and a
    /// Cyrillic one: it may look like another host.
    MixedScript,
    /// A host that the link leads to has a label of letters that all look like plain Latin ones, such as
    /// Cyrillic `аррӏе`, below a Latin top-level domain: it may look like another host.
    WholeScriptConfusable,
}

impl LinkWarning {
    /// What there is to say about the addresses of a link: each thing once, in the order above.
    pub(super) fn all(original_url: &str, options: &LinkOptions) -> Vec<Self> {
        let targets = options.targets().chain([original_url]);
        targets
            .flat_map(about)
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect()
    }
}

/// What there is to say about the host of a target.
fn about(target: &str) -> Vec<LinkWarning> {
    // Others are ASCII. Nearly all targets.
    if !target.contains("xn--") {
        return Vec::new();
    }
    let url = Url::parse(target).ok();
    let host = url.as_ref().and_then(Url::host_str).unwrap_or_default();
    let (host, _) = idna::domain_to_unicode(host);
    // Whoever reads a Cyrillic top-level domain expects Cyrillic before it. Chromium spares those as well:
    // https://chromium.googlesource.com/chromium/src/+/main/docs/idn.md
    let top = host.trim_end_matches('.').rsplit('.').next();
    let is_below_latin = top.is_some_and(str::is_ascii);
    host.split('.')
        .filter_map(|label| match mixes_scripts(label) {
            true => Some(LinkWarning::MixedScript),
            false => (is_below_latin && is_confusable(label))
                .then_some(LinkWarning::WholeScriptConfusable),
        })
        .collect()
}

/// Whether a label that is not ASCII looks as if it were (the "skeleton" of UTS 39, 4).
fn is_confusable(label: &str) -> bool {
    !label.is_ascii() && skeleton(label).all(|character| character.is_ascii())
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
    use contract::SocialPreview;

    use super::*;

    fn warnings(host: &str) -> Vec<LinkWarning> {
        let url = Url::parse(&format!("https://{host}/")).unwrap();
        about(url.as_str())
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
            assert_eq!(warnings(host), [LinkWarning::MixedScript], "{host}");
        }
    }

    #[test]
    fn words_that_look_latin_are_told_from_those_that_do_not() {
        for host in [
            "аррӏе.com", // All Cyrillic.
            "www.раураӏ.com",
            "ѕсоре.co.uk",
            "login.сс.example",
        ] {
            assert_eq!(
                warnings(host),
                [LinkWarning::WholeScriptConfusable],
                "{host}"
            );
        }
    }

    #[test]
    fn honest_names_are_not_warned_of() {
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
            "сосна.рф",
            "сор.рф",
            "сор.рф.",
        ] {
            assert_eq!(warnings(host), [], "{host}");
        }
        assert_eq!(about("https://example.com/xn--80ak6aa92e"), []);
    }

    #[test]
    fn each_thing_is_said_once() {
        let options = LinkOptions {
            expired_url: Some("https://xn--80ak6aa92e.com/".into()),
            social_preview: Some(SocialPreview {
                image_url: Some("https://xn--pple-43d.com/".into()),
                ..SocialPreview::default()
            }),
            ..LinkOptions::default()
        };
        assert_eq!(
            LinkWarning::all("https://xn--80ak6aa92e.com/", &options),
            [LinkWarning::MixedScript, LinkWarning::WholeScriptConfusable]
        );
    }
}
