use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::routes::links::KeptLink;
use crate::routes::utm_templates::KeptUtmTemplate;

/// Version of the format. Files of other versions are refused, not guessed at.
pub(super) const FORMAT: u32 = 1;

/// A line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Line {
    /// The first.
    Workspace(Begin),
    /// Settings of a domain.
    Domain(KeptDomain),
    /// The logo of QR codes.
    Logo(KeptLogo),
    /// Values of UTM parameters.
    UtmTemplate(KeptUtmTemplate),
    /// A link.
    Link(Box<KeptLink>),
    /// The last.
    End(End),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Begin {
    pub(super) format: u32,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    /// Lines before this one.
    pub(super) lines: usize,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeptLogo {
    /// Base64 of a PNG.
    pub(super) png: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeptDomain {
    /// `None`: the installation's own, whatever it is called.
    pub(super) domain: Option<String>,
    pub(super) root_url: Option<String>,
    pub(super) not_found_url: Option<String>,
    pub(super) expired_url: Option<String>,
    pub(super) ignores_case: bool,
    // Files of before do not have these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) apple_app_site_association: Option<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) assetlinks: Option<Value>,
}

impl Line {
    /// The line with its end.
    pub(super) fn write(&self, lines: &mut Vec<u8>) -> crate::Result<()> {
        serde_json::to_writer(&mut *lines, self).map_err(crate::Error::internal)?;
        lines.push(b'\n');
        Ok(())
    }
}
