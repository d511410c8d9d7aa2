//! What callers may do: people by their role, keys by their scopes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::{Error, Result};

/// What a route needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Permission {
    /// See links, domains, tags.
    Read,
    /// Make links.
    Create,
    /// Change and delete links, too.
    Write,
    /// See clicks.
    Analytics,
    /// Domains, people, keys and whatever else the whole workspace depends on.
    Administer,
    /// The workspace itself.
    Own,
}

/// What a member may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Everything.
    Owner,
    /// Everything but the workspace itself.
    Admin,
    /// Links.
    Editor,
    /// Look.
    Viewer,
}

/// What a key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// See links and domains.
    Read,
    /// Make, change and delete links.
    Write,
    /// Make links, and nothing else.
    CreateOnly,
    /// See clicks.
    Analytics,
    /// Everything that an admin may.
    Admin,
}

impl Role {
    /// All of them, the mightiest first.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Admin, Self::Editor, Self::Viewer];

    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Editor => "editor",
            Self::Viewer => "viewer",
        }
    }

    /// From the database.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self> {
        let role = Self::ALL.into_iter().find(|role| role.as_str() == text);
        role.ok_or_else(|| Error::internal(format!("unknown role {text:?}")))
    }

    /// Whether it may do more than the other.
    pub fn outranks(self, other: Self) -> bool {
        // The mightiest is the first.
        (self as u8) < other as u8
    }

    /// Whether a member may do this.
    pub fn allows(self, permission: Permission) -> bool {
        match permission {
            Permission::Read | Permission::Analytics => true,
            Permission::Create | Permission::Write => self != Self::Viewer,
            Permission::Administer => matches!(self, Self::Owner | Self::Admin),
            Permission::Own => self == Self::Owner,
        }
    }
}

impl Scope {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Read,
        Self::Write,
        Self::CreateOnly,
        Self::Analytics,
        Self::Admin,
    ];

    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::CreateOnly => "create-only",
            Self::Analytics => "analytics",
            Self::Admin => "admin",
        }
    }

    /// From the database.
    ///
    /// # Errors
    /// When it is none.
    pub fn parse(text: &str) -> Result<Self> {
        let scope = Self::ALL.into_iter().find(|scope| scope.as_str() == text);
        scope.ok_or_else(|| Error::internal(format!("unknown scope {text:?}")))
    }

    /// Whether a key may do this.
    pub fn allows(self, permission: Permission) -> bool {
        match permission {
            Permission::Read => matches!(self, Self::Read | Self::Admin),
            Permission::Create => matches!(self, Self::Write | Self::CreateOnly | Self::Admin),
            Permission::Write => matches!(self, Self::Write | Self::Admin),
            Permission::Analytics => matches!(self, Self::Analytics | Self::Admin),
            Permission::Administer => self == Self::Admin,
            Permission::Own => false,
        }
    }

    /// The least mighty scope that allows this, if one does: what to ask for.
    pub fn for_permission(permission: Permission) -> Option<Self> {
        match permission {
            Permission::Read => Some(Self::Read),
            Permission::Create => Some(Self::CreateOnly),
            Permission::Write => Some(Self::Write),
            Permission::Analytics => Some(Self::Analytics),
            Permission::Administer => Some(Self::Admin),
            Permission::Own => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scope_to_ask_for_is_enough() {
        for permission in [
            Permission::Read,
            Permission::Create,
            Permission::Write,
            Permission::Analytics,
            Permission::Administer,
        ] {
            let scope = Scope::for_permission(permission).unwrap();
            assert!(scope.allows(permission), "{permission:?}");
        }
        assert!(!Scope::ALL.iter().any(|scope| scope.allows(Permission::Own)));
    }

    #[test]
    fn roles_outrank_those_that_follow() {
        assert!(Role::ALL.is_sorted_by(|one, next| one.outranks(*next)));
        assert!(!Role::Admin.outranks(Role::Admin) && !Role::Viewer.outranks(Role::Owner));
    }

    #[test]
    fn what_is_stored_reads_back() {
        for role in Role::ALL {
            assert_eq!(Role::parse(role.as_str()).unwrap(), role);
        }
        for scope in Scope::ALL {
            assert_eq!(Scope::parse(scope.as_str()).unwrap(), scope);
            let shown = serde_json::to_value(scope).unwrap();
            assert_eq!(shown, scope.as_str());
        }
    }
}
