use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use url::Url;
use utoipa::ToSchema;

use super::head::Found;
use super::text::{self, clean};
use crate::own_domains::OwnNames;
use crate::target;

/// What the page that a link leads to says of itself, as it was read from there: plain text, never
/// markup, and public addresses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TargetPage {
    /// Its title. At most 512 characters.
    #[schema(required, example = "Spring sale")]
    title: Option<String>,
    /// A sentence or two. At most 512 characters.
    #[schema(required)]
    description: Option<String>,
    /// A picture. It was not fetched.
    #[schema(required, example = "https://example.com/sale.png")]
    image_url: Option<String>,
    /// Its icon. It was not fetched.
    #[schema(required, example = "https://example.com/favicon.ico")]
    icon_url: Option<String>,
    /// When it was read.
    #[serde(with = "time::serde::rfc3339")]
    read_at: OffsetDateTime,
}

impl TargetPage {
    /// From the head of the page at `url`; `None` if it says nothing.
    pub(super) fn of(
        found: Found,
        url: &Url,
        own_names: &OwnNames,
        read_at: OffsetDateTime,
    ) -> Option<Self> {
        // What a page gives as its base may be relative itself.
        let base = found
            .base
            .and_then(|base| url.join(text::of_attribute(&base).trim()).ok());
        let base = base.as_ref().unwrap_or(url);
        let address = |text: String| {
            let url = base.join(text.trim()).ok()?;
            // A visitor's browser would ask there: not in networks that are not public.
            target::check(url.as_str(), own_names).ok()
        };
        let page = Self {
            title: found
                .heading
                .and_then(|text| clean(&text::of_attribute(&text)))
                .or_else(|| found.title.and_then(|text| clean(&text::of_element(&text)))),
            description: found
                .description
                .and_then(|text| clean(&text::of_attribute(&text))),
            image_url: found
                .image
                .and_then(|text| address(text::of_attribute(&text))),
            icon_url: found
                .icon
                .and_then(|text| address(text::of_attribute(&text))),
            read_at,
        };
        let says_something = page.title.is_some()
            || page.description.is_some()
            || page.image_url.is_some()
            || page.icon_url.is_some();
        says_something.then_some(page)
    }

    /// Its title.
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }

    /// A sentence or two.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// A picture.
    pub fn image_url(&self) -> Option<&str> {
        self.image_url.as_deref()
    }
}
