use axum::http::StatusCode;
use axum::response::Response;
use contract::split::Split;
use url::Url;

use super::html::{self, May, escaped};
use crate::db::LinkRow;
use crate::error::Result;
use crate::target::spellings;

/// Where a link leads, without going there.
pub(super) fn page(link: &LinkRow, host: &str, code: &str) -> Result<Response> {
    let options = link.options();
    let preview = options.social_preview.unwrap_or_default();
    let page = link.page.as_ref().map(|page| &page.0);
    // The owner's words first.
    let title = preview.title.as_deref().or(link.title.as_deref());
    let title = title.or_else(|| page?.title());
    let title = title.unwrap_or("Where this link leads");
    let address = escaped(&format!("{host}/{code}"));
    let mut content = format!("<p>The link <b class=\"address\">{address}</b> leads to</p>\n");
    let targets = targets(link, options.split.as_ref());
    for (number, target) in targets.iter().enumerate() {
        if number > 0 {
            content.push_str("<p>or to</p>\n");
        }
        content.push_str(&shown(target));
    }
    if !options.rules.is_empty() {
        content.push_str("<p>Some visitors are sent elsewhere.</p>\n");
    }
    let description = preview.description.as_deref();
    if let Some(description) = description.or_else(|| page?.description()) {
        content.push_str(&format!("<p>{}</p>\n", escaped(description)));
    }
    let image_url = preview.image_url.as_deref();
    let image_url = image_url.or_else(|| page?.image_url());
    if let Some(url) = image_url.filter(|url| is_web(url)) {
        let url = escaped(url);
        content.push_str(&format!(
            "<p><img src=\"{url}\" alt=\"\" referrerpolicy=\"no-referrer\"></p>\n"
        ));
    }
    let code = escaped(code);
    content.push_str(&format!(
        "<p><a href=\"/report/{code}\" rel=\"nofollow\">Report this link</a></p>\n"
    ));
    Ok(html::page(
        StatusCode::OK,
        title,
        &content,
        May::ShowPictures,
    ))
}

/// All that visitors without a rule of their own can get to.
fn targets<'l>(link: &'l LinkRow, split: Option<&'l Split>) -> Vec<&'l str> {
    let variants = split.map_or(&[][..], |split| &split.variants);
    let shown = variants.iter().filter(|variant| variant.weight > 0);
    let shown: Vec<_> = shown.map(|variant| variant.url.as_str()).collect();
    match shown.is_empty() {
        true => vec![&link.original_url],
        false => shown,
    }
}

/// A target as text and as link, and its host in both of its spellings.
fn shown(target: &str) -> String {
    let text = escaped(target);
    // Nothing else can be stored; but what is stored could have been altered.
    if !is_web(target) {
        return format!("<p class=\"address\">{text}</p>\n");
    }
    let mut shown = format!(
        "<p class=\"address\"><a href=\"{text}\" rel=\"noopener nofollow\">{text}</a></p>\n"
    );
    if let Some((ascii, unicode)) = spellings(target) {
        let (ascii, unicode) = (escaped(&ascii), escaped(&unicode));
        shown.push_str(&format!(
            "<p>People read its host as <b><bdi dir=\"ltr\">{unicode}</bdi></b>, computers as \
             <b>{ascii}</b>.</p>\n"
        ));
    }
    shown
}

fn is_web(target: &str) -> bool {
    Url::parse(target).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_spellings_of_a_host_are_shown() {
        let html = shown("https://xn--bcher-kva.example/a?b&c");
        assert!(
            html.contains("href=\"https://xn--bcher-kva.example/a?b&amp;c\""),
            "{html}"
        );
        assert!(
            html.contains("<bdi dir=\"ltr\">bücher.example</bdi>"),
            "{html}"
        );
        assert!(!shown("https://example.com/").contains("People read"));
    }

    #[test]
    fn what_is_not_of_the_web_is_no_link() {
        for target in [
            "javascript:alert(1)",
            "data:text/html,x",
            "nonsense",
            "\"><script>",
        ] {
            let html = shown(target);
            assert!(!html.contains("href"), "{html}");
            assert!(!html.contains("<script"), "{html}");
        }
    }
}
