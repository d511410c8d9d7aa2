//! Pages for visitors of links: the password's form, and the preview. No script in any of them.

mod asked;
mod cookies;
mod html;
mod link;
mod password_form;
mod preview;
mod unlock;

pub use link::link_page;
pub use unlock::{back_to_link, unlock};
