//! QR codes of links, and the logo in their middle.
//!
//! A code holds the short address with `?via=qr`, so that scans are counted apart from clicks.

mod colour;
mod drawings;
mod logo;
mod picture;
mod style;

pub use drawings::Drawings;
pub use logo::Logo;
pub use picture::Picture;
pub use style::{Format, QrQuery, Style};
