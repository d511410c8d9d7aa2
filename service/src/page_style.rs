//! Style sheets inside pages, and how a content security policy allows one of them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

/// The source for `style-src` that allows a `<style>` element with this content, to the byte, and no other
/// style. Attributes need another.
pub fn style_source(style: &str) -> String {
    let hash = STANDARD.encode(Sha256::digest(style));
    format!("'sha256-{hash}'")
}

#[cfg(test)]
mod tests {
    use super::style_source;

    #[test]
    fn a_source_is_what_browsers_compute() {
        // From the CSP specification's own example (CSP 3, 8.3), of a script: hashes are alike.
        assert_eq!(
            style_source("doSubmit()"),
            "'sha256-jzgBGA4UWFFmpOBq0JpdsySukE1FrEN5bUpoK8Z29fY='"
        );
    }
}
