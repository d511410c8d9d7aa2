//! Passwords: argon2id, off the async threads, a few at a time.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use rand::random;

use super::hashing_threads::{HashingThreads, Memory, Place};
use crate::error::{Error, Result};

/// 19 MiB, two passes, one lane. Source: OWASP Password Storage Cheat Sheet.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Random bytes that go into each hash.
const SALT: usize = 16;

/// Longest hash in bytes; ours have 97.
const MAX_HASH: usize = 200;

/// A hash of nothing anybody types, so that unknown users take as long as wrong passwords.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$0Kf2wB0xGzq0S3c2uZ3Xb2Yl0dTn0h8Qm1S2o1XwP0E";

/// Computes and checks password hashes; clones share one limit.
#[derive(Clone, Default)]
pub struct PasswordHasher {
    threads: HashingThreads,
}

impl PasswordHasher {
    /// One that takes a core at most, for what nobody is kept waiting by.
    pub fn with_one_thread() -> Self {
        Self {
            threads: HashingThreads::new(1),
        }
    }

    /// The hash to store.
    ///
    /// # Errors
    /// [`Error::TooManyPasswords`] when so many wait that this one would wait too long.
    pub async fn hash(&self, password: String) -> Result<String> {
        self.threads
            .place()?
            .run(move |memory| {
                let salt = Salt::new(&random::<[u8; SALT]>()).map_err(Error::internal)?;
                Ok(hash(&password, salt, memory)?.to_string())
            })
            .await
    }

    /// Whether the password belongs to the hash. Without a hash it takes as long, and is false.
    ///
    /// # Errors
    /// [`Error::TooManyPasswords`] when so many wait that this one would wait too long. It was not
    /// looked at then.
    pub async fn verify(&self, password: String, hash: Option<String>) -> Result<bool> {
        self.place()?.verify(password, hash).await
    }

    /// Takes a place among those whose passwords are looked at. To be asked for before the database
    /// is: whoever is turned away should cost nothing.
    ///
    /// # Errors
    /// [`Error::TooManyPasswords`] when so many wait that this one would wait too long.
    pub fn place(&self) -> Result<PasswordCheck> {
        Ok(PasswordCheck(self.threads.place()?))
    }
}

/// A place among those whose passwords are looked at.
pub struct PasswordCheck(Place);

impl PasswordCheck {
    /// Whether the password belongs to the hash. Without a hash it takes as long, and is false.
    ///
    /// # Errors
    /// [`Error::Internal`] when the hash is none.
    pub async fn verify(self, password: String, stored: Option<String>) -> Result<bool> {
        self.0
            .run(move |memory| {
                let text = stored.as_deref().unwrap_or(NOBODY);
                let known = PasswordHash::new(text).map_err(Error::internal)?;
                let (true, Some(salt)) = (is_password_hash(text), known.salt) else {
                    return Err(Error::internal("a password's hash is not in its form"));
                };
                // Outputs are compared in constant time.
                let matches = hash(&password, salt, memory)?.hash == known.hash;
                let result = match (matches, &stored) {
                    (_, None) => "nobody",
                    (true, _) => "right",
                    (false, _) => "wrong",
                };
                metrics::counter!("linkpulse_password_checks_total", "result" => result)
                    .increment(1);
                Ok(matches && stored.is_some())
            })
            .await
    }
}

/// Whether this is a hash as we make them. One that asks for more memory or time would let whoever
/// brings it decide what each look at a password costs us.
pub fn is_password_hash(text: &str) -> bool {
    let ours = format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$");
    text.len() <= MAX_HASH && text.starts_with(&ours) && PasswordHash::new(text).is_ok()
}

/// The hash of a password, computed in this memory.
fn hash(password: &str, salt: Salt, memory: &mut Memory) -> Result<PasswordHash> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(Error::internal)?;
    let text = ParamsString::try_from(&params).map_err(Error::internal)?;
    memory.resize(params.block_count(), Block::new());
    let (algorithm, version) = (Algorithm::Argon2id, Version::V0x13);
    let mut output = [0; Params::DEFAULT_OUTPUT_LEN];
    Argon2::new(algorithm, version, params)
        .hash_password_into_with_memory(password.as_bytes(), &salt, &mut output, memory)
        .map_err(Error::internal)?;
    Ok(PasswordHash {
        algorithm: algorithm.ident(),
        version: Some(version.into()),
        params: text,
        salt: Some(salt),
        hash: Some(Output::new(&output).map_err(Error::internal)?),
    })
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
    async fn hashes_of_others_are_told_apart() {
        let hash = PasswordHasher::default().hash("a".into()).await.unwrap();
        assert!(is_password_hash(&hash) && is_password_hash(NOBODY));
        for bad in [
            String::new(),
            hash.replace("m=19456", "m=4194304"),
            hash.replace("$argon2id", "$argon2d"),
            "$argon2id$v=19$m=19456,t=2,p=1$".to_owned(),
            format!("{hash}{}", "A".repeat(200)),
        ] {
            assert!(!is_password_hash(&bad), "{bad}");
        }
    }

    #[tokio::test]
    async fn hashes_are_those_of_the_library_whatever_was_in_the_memory_before() {
        use argon2::PasswordVerifier as _;
        let hasher = PasswordHasher::default();
        let first = hasher.hash("one".into()).await.unwrap();
        for _ in 0..4 {
            let stored = hasher.hash("two".into()).await.unwrap();
            let known = PasswordHash::new(&stored).unwrap();
            Argon2::default().verify_password(b"two", &known).unwrap();
            assert!(
                hasher
                    .verify("one".into(), Some(first.clone()))
                    .await
                    .unwrap()
            );
        }
    }

    #[tokio::test]
    async fn a_hash_that_would_cost_more_is_not_computed() {
        let hasher = PasswordHasher::default();
        let hash = hasher.hash("a".into()).await.unwrap();
        let dear = hash.replace("m=19456", "m=4194304");
        let failed = hasher.verify("a".into(), Some(dear)).await;
        assert!(matches!(failed, Err(Error::Internal(_))));
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
