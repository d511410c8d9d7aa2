-- Who made an invitation. One that outlives its maker's role is a way back in for somebody who was
-- removed: it is withdrawn with the role.

alter table invitations
    -- usr_… or key_…. Null: made before this was noted, and not in the audit log either.
    add column created_by text;

update invitations set created_by = made.actor
from (
    select distinct on (workspace_id, invited.email) workspace_id, invited.email, actor
    from audit_log, lateral (select state::jsonb ->> 'email' as email) as invited
    where action = 'invitation.created'
    order by workspace_id, invited.email, number desc
) as made
where made.workspace_id = invitations.workspace_id and made.email = invitations.email;
