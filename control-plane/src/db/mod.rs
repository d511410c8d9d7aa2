//! Statements, next to the structs they fill. Free functions; those that must share a transaction
//! take `&mut PgConnection`.

mod api_keys;
mod audit_log;
mod changes;
mod domains;
mod imports;
mod link_list;
mod link_row;
mod link_writes;
mod links;
mod orphans;
mod patterns;
mod pool;
mod proxies;
mod qr_logos;
mod reports;
mod select_link;
mod sessions;
mod stats;
mod totals;
mod users;
mod visitor_keys;

pub use api_keys::{ApiKeyRow, find_api_key, insert_api_key, revoke_api_key, touch_api_key};
pub use audit_log::{AuditFilter, AuditRow, VersionRow, audit_log, versions};
pub use changes::{
    Head, LoggedChange, changes_after, head, log_change, log_changes, rename_history,
};
pub use domains::{
    DomainRow, domain_names, find_domain, has_lower_case_only, hold_case, lock_domain,
    log_domain_change, update_domain,
};
pub use imports::{
    ImportRow, find_import, import_rows, insert_import, list_imports, take_import, update_import,
};
pub use link_list::{
    BIN_PERIOD, LinkFilter, LinkOrder, Page, Position, count_links, list_links, totals_of,
};
pub use link_row::LinkRow;
pub use link_writes::{TargetRow, insert_links, lock_links, targets_after, write_links};
pub use links::{
    LinkName, delete_link, find_external_link, find_link, find_link_as_asked, find_link_by_code,
    ids_of_codes, insert_link, link_exists, lock_external_link, lock_link, restore_link,
    taken_codes, taken_external_ids, targets_of_codes, update_link,
};
pub use orphans::{OrphanPosition, OrphanRow, list_orphans};
pub use pool::{Analytics, connect, migrate};
pub use proxies::{ProxyRow, forget_proxy, put_report, reports};
pub use qr_logos::{delete_qr_logo, find_qr_logo, put_qr_logo};
pub use reports::{ReportRow, close_report, insert_report, open_reports};
pub use sessions::{
    SessionRow, delete_expired_sessions, delete_session, find_session, insert_session,
};
pub use stats::{HourRow, LinkTotals, clicks_by_hour, link_totals};
pub use totals::{clicked_since, links_after, set_totals, try_lock_totals};
pub use users::{
    MembershipRow, UserRow, find_membership, find_user_by_email, first_workspace,
    insert_membership, insert_user, insert_workspace,
};
pub use visitor_keys::{delete_visitor_keys_before, insert_missing_visitor_keys, visitor_keys};
