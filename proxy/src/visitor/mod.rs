//! Who visits, as far as it is counted: never who it is, only whether it is the same one.

mod follower;
mod identity;
mod keys;

pub(crate) use follower::follow;
#[expect(unused_imports, reason = "redirects do not ask yet")]
pub(crate) use identity::sticky_value;
pub(crate) use keys::VisitorKeys;
