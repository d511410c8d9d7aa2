//! Who visits, as far as it is counted: never who it is, only whether it is the same one.

mod follower;
mod keys;

pub(crate) use follower::follow;
pub(crate) use keys::VisitorKeys;
