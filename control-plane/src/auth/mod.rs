//! Who is asking: passwords, sessions, API keys, and the [`Caller`] that handlers receive.

mod api_key;
mod caller;
mod hashing_threads;
mod origin;
mod password;
mod permission;
mod session;

pub use api_key::ApiKey;
pub use caller::{Caller, Identity, SessionCaller, refuse_other_pages};
pub use origin::is_from_our_page;
pub use password::{PasswordHasher, is_password_hash};
pub use permission::{Permission, Role, Scope};
pub use session::{SessionToken, clear_cookie, set_cookie};

/// Names of things in the API.
pub mod id {
    contract::typed_id! {
        /// A user.
        UserId, "usr_"
    }
    contract::typed_id! {
        /// A workspace.
        WorkspaceId, "wsp_"
    }
    contract::typed_id! {
        /// A sign-in.
        SessionId, "ses_"
    }
    contract::typed_id! {
        /// An invitation.
        InvitationId, "inv_"
    }
    contract::typed_id! {
        /// A program that is told of links.
        WebhookId, "whk_"
    }
    contract::typed_id! {
        /// What it is told.
        MessageId, "msg_"
    }
    contract::typed_id! {
        /// Values of UTM parameters under a name.
        UtmTemplateId, "utm_"
    }
    contract::typed_id! {
        /// An API key.
        ApiKeyId, "key_"
    }
}
