//! Pages for visitors of links: the password's form, the preview, and reports; no script in any
//! of them. And files that programs ask each domain for.

mod allowance;
mod app_association;
mod asked;
mod cookies;
mod form;
mod html;
mod link;
mod password_form;
mod preview;
mod report;
mod robots;
mod unlock;

pub use app_association::{apple_app_site_association, assetlinks};
pub(crate) use asked::host as asked_host;
pub(crate) use html::escaped;
pub use link::link_page;
pub use report::{report, report_form};
pub use robots::robots;
pub use unlock::{back_to_link, unlock};
