use uuid::Uuid;

use crate::auth::{Caller, Identity, Permission, Role};
use crate::db::MemberRow;
use crate::error::{Error, Result};

/// Whether the caller may give or take this role: only owners decide about owners.
pub(in crate::routes) fn may_grant(caller: &Caller, role: Role) -> Result<()> {
    match role == Role::Owner && caller.role != Role::Owner {
        true => Err(Error::Forbidden),
        false => Ok(()),
    }
}

/// The same of a person who may have been removed, or made less, since the gate looked. Members are
/// locked.
pub(in crate::routes) fn may_still_grant(
    members: &[MemberRow],
    caller: &Caller,
    role: Role,
) -> Result<()> {
    let Identity::User(id) = caller.identity else {
        return Ok(());
    };
    let member = members.iter().find(|member| member.user_id == id);
    let current = Role::parse(&member.ok_or(Error::Forbidden)?.role)?;
    match current.allows(Permission::Administer) && !role.outranks(current) {
        true => Ok(()),
        false => Err(Error::Forbidden),
    }
}

/// The member with this id, if the caller may change what they are.
pub(super) fn find<'m>(
    members: &'m [MemberRow],
    user_id: Uuid,
    caller: &Caller,
) -> Result<&'m MemberRow> {
    let member = members.iter().find(|member| member.user_id == user_id);
    let member = member.ok_or(Error::NotFound("member"))?;
    may_grant(caller, Role::parse(&member.role)?)?;
    Ok(member)
}

/// A workspace without an owner could never have one again.
pub(super) fn keep_an_owner(members: &[MemberRow], without: Uuid) -> Result<()> {
    let mut others = members.iter().filter(|member| member.user_id != without);
    match others.any(|member| member.role == Role::Owner.as_str()) {
        true => Ok(()),
        false => Err(Error::Conflict(
            "this is the last owner; make somebody else an owner first",
        )),
    }
}
