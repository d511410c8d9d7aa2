use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::field_check::{FieldCheck, MAX_TEXT};

/// What chats and social networks show when the link is shared, and its own preview page. People
/// who follow the link do not see it.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SocialPreview {
    /// A heading.
    #[schema(max_length = 200, example = "Spring sale")]
    title: Option<String>,
    /// A sentence or two.
    #[schema(max_length = 200)]
    description: Option<String>,
    /// A picture. It is not fetched and not checked here.
    #[schema(max_length = 2048, example = "https://example.com/sale.png")]
    image_url: Option<String>,
}

impl SocialPreview {
    pub(super) fn check(self, check: &mut FieldCheck<'_>) -> Option<contract::SocialPreview> {
        let mut text = |field, text: Option<String>| check.text(field, &text?, MAX_TEXT);
        let title = text("social_preview.title", self.title);
        let description = text("social_preview.description", self.description);
        let image_url = self
            .image_url
            .map(|text| check.url("social_preview.image_url", &text));
        if title.is_none() && description.is_none() && image_url.is_none() {
            let message = "a preview needs a title, a description or a picture; null removes it";
            check.refuse("social_preview", "required", message);
        }
        Some(contract::SocialPreview {
            title,
            description,
            image_url: image_url.flatten(),
        })
    }
}

impl From<contract::SocialPreview> for SocialPreview {
    fn from(preview: contract::SocialPreview) -> Self {
        Self {
            title: preview.title,
            description: preview.description,
            image_url: preview.image_url,
        }
    }
}
