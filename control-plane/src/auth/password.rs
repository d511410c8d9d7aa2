//! Passwords: argon2id, off the async threads, a few at a time.

use std::sync::Arc;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use tokio::sync::Semaphore;

use crate::error::{Error, Result};

/// 19 MiB, two passes, one lane. Source: OWASP Password Storage Cheat Sheet.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes computed at once. Each takes a core for some 20 ms; more of them would starve the API.
const CONCURRENT_HASHES: usize = 2;

/// A hash of nothing anybody types, so that unknown users take as long as wrong passwords.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$0Kf2wB0xGzq0S3c2uZ3Xb2Yl0dTn0h8Qm1S2o1XwP0E";

/// The hasher was shut down.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("password hashing has stopped")]
pub struct TooManyHashes;

/// Computes and checks password hashes; clones share one limit.
#[derive(Clone)]
pub struct PasswordHasher {
    permits: Arc<Semaphore>,
}

impl Default for PasswordHasher {
    fn default() -> Self {
        Self {
            permits: Arc::new(Semaphore::new(CONCURRENT_HASHES)),
        }
    }
}

impl PasswordHasher {
    /// The hash to store.
    pub async fn hash(&self, password: String) -> Result<String> {
        self.blocking(move || {
            let hash = argon2()?
                .hash_password(password.as_bytes())
                .map_err(Error::internal)?;
            Ok(hash.to_string())
        })
        .await
    }

    /// Whether the password belongs to the hash. Without a hash it takes as long, and is false.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool> {
        self.blocking(move || {
            let text = hash.as_deref().unwrap_or(NOBODY);
            let parsed = PasswordHash::new(text).map_err(Error::internal)?;
            let matches = argon2()?
                .verify_password(password.as_bytes(), &parsed)
                .is_ok();
            Ok(matches && hash.is_some())
        })
        .await
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let permit = self.permits.clone().acquire_owned().await;
        let permit = permit.map_err(|_| Error::internal(TooManyHashes))?;
        let task = tokio::task::spawn_blocking(move || {
            let result = work();
            drop(permit);
            result
        });
        task.await.map_err(Error::internal)?
    }
}

fn argon2() -> Result<Argon2<'static>> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(Error::internal)?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn verifies_its_own_hashes_only() {
        let hasher = PasswordHasher::default();
        let hash = hasher.hash("correct horse".into()).await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
        assert!(
            hasher
                .verify("correct horse".into(), Some(hash.clone()))
                .await
                .unwrap()
        );
        assert!(!hasher.verify("wrong".into(), Some(hash)).await.unwrap());
    }

    #[tokio::test]
    async fn an_unknown_user_costs_a_real_verification() {
        assert!(PasswordHash::new(NOBODY).is_ok());
        assert!(
            !PasswordHasher::default()
                .verify("anything".into(), None)
                .await
                .unwrap()
        );
    }
}
