//! What whoever runs an installation does to links of all workspaces, from the command line.

mod address;
mod links;
mod reports;

pub use crate::blocklist::Hosts;
pub use address::{Address, NoAddress};
pub use links::{Found, find_link, put_up, take_down};
pub use reports::{ReportPage, close_report, open_reports};
