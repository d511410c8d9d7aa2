//! The logo in the middle of a workspace's QR codes.

mod delete;
mod get;
mod put;

pub use delete::*;
pub use get::*;
pub use put::*;
