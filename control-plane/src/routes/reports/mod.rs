//! What visitors report.

mod close;
mod list;

pub use close::*;
pub use list::*;

contract::typed_id! {
    /// A report.
    ReportId, "rep_"
}
