//! Invitations do not outlive what their maker may do: whoever invited an address of their own before
//! they were removed would be back with it.

use sqlx::PgConnection;

use super::Invitation;
use crate::audit::Deed;
use crate::auth::Role;
use crate::auth::id::InvitationId;
use crate::db;
use crate::error::Result;

/// Withdraws what `maker` made and could not make since. `left` is what they are now; `None`: nothing.
///
/// `deed` is what took it from them. To be called before that is written into the audit log, whose lock
/// comes after those of invitations.
pub(crate) async fn withdraw_made_by(
    connection: &mut PgConnection,
    deed: &Deed<'_>,
    maker: &str,
    left: Option<Role>,
) -> Result<()> {
    let roles = Role::ALL.into_iter();
    let lost = roles.filter(|role| left.is_none_or(|left| role.outranks(left)));
    let lost: Vec<String> = lost.map(|role| role.as_str().to_owned()).collect();
    let rows = db::delete_invitations_of(connection, deed.workspace_id, maker, &lost).await?;
    let deed = Deed {
        action: "invitation.withdrawn",
        ..*deed
    };
    for row in rows {
        let id = InvitationId(row.id);
        let withdrawn = Invitation::try_from(row)?;
        deed.record(connection, id, &withdrawn).await?;
    }
    Ok(())
}
