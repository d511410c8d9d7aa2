//! Values of UTM parameters, kept under a name, that links are tagged with.

mod create;
mod fields;
mod get;
mod kept;
mod list;
mod remove;
mod update;
mod view;

pub use create::*;
pub use get::*;
pub(crate) use kept::KeptUtmTemplate;
pub use list::*;
pub use remove::*;
pub use update::*;
pub use view::UtmTemplate;
