//! What can go wrong in a request, by what the client can do about it.

use std::time::Duration;

/// Result with our [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Refused fields that are named in a sentence.
const NAMED: usize = 10;

/// Longest name of a field and longest message, in characters. Both may repeat what was sent.
const MAX_NAME: usize = 200;
const MAX_MESSAGE: usize = 400;

/// What the database calls it when somebody waited too long: a statement that was cancelled, two that waited
/// for each other, and a lock that was not to be had. Nothing was done, and it passes by itself.
/// <https://www.postgresql.org/docs/15/errcodes-appendix.html>
const TOO_LONG: [&str; 4] = ["57014", "40P01", "40001", "55P03"];

/// One field that was refused.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct FieldError {
    /// Name of the field.
    #[schema(example = "original_url")]
    pub field: String,
    /// Stable code.
    #[schema(example = "forbidden_scheme")]
    pub code: String,
    /// For people.
    #[schema(example = "only http and https targets are allowed")]
    pub message: String,
}

impl FieldError {
    /// `field` was refused because of `message`.
    pub fn new(field: &str, code: &str, message: impl ToString) -> Self {
        Self {
            field: cut(field.into(), MAX_NAME),
            code: code.into(),
            message: cut(message.to_string(), MAX_MESSAGE),
        }
    }

    /// More is wrong than is told.
    pub fn left_out(count: usize) -> Self {
        let message = format!("at least {count} more errors are left out");
        Self::new("", "too_many_errors", message)
    }

    /// The same error of a field that is inside another one.
    pub fn below(&self, outer: &str) -> Self {
        let field = match self.field.is_empty() {
            true => outer.to_owned(),
            false => format!("{outer}.{}", self.field),
        };
        Self {
            field,
            ..self.clone()
        }
    }
}

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request cannot be read: send another one.
    #[error("{0}")]
    Malformed(String),
    /// The body is longer than we accept.
    #[error("the body is larger than is allowed here")]
    TooLarge,
    /// The body is not what this route takes.
    #[error("send the body as {0}")]
    UnsupportedMediaType(&'static str),
    /// The request can be read, and is refused: correct the fields.
    #[error("{}", refused(.0))]
    Invalid(Vec<FieldError>),
    /// No credential, or not a valid one.
    #[error("sign in, or send an API key as 'Authorization: Bearer …'")]
    Unauthenticated,
    /// E-mail or password is wrong; which of the two is nobody's business.
    #[error("the e-mail address or the password is wrong")]
    InvalidCredentials,
    /// A request with a cookie that another site could have caused.
    #[error(
        "a page of another site may have caused this; requests with a session cookie need the header \
         'X-Requested-With: linkpulse'"
    )]
    CrossSite,
    /// The role does not allow it.
    #[error("your role does not allow this")]
    Forbidden,
    /// The key's scopes do not allow it.
    #[error("this needs a key with the scope {0:?}")]
    MissingScope(&'static str),
    /// The key sees one domain only.
    #[error("this needs a key that is not restricted to a domain")]
    OneDomainOnly,
    /// The key sees links with one tag only.
    #[error("this needs a key that is not restricted to a tag")]
    OneTagOnly,
    /// Not there, or not yours.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The link is theirs, and in the bin.
    #[error("the link was deleted: restore it first, which is possible for 30 days")]
    LinkGone,
    /// The path exists, the method does not.
    #[error("this method is not allowed here")]
    MethodNotAllowed,
    /// The code belongs to another link.
    #[error("the code {code:?} is taken, {suggestion:?} is free")]
    CodeTaken {
        /// What was asked for.
        code: String,
        /// A free one like it.
        suggestion: String,
    },
    /// Passwords were tried too often: wait.
    #[error("too many attempts")]
    TooManyAttempts(Duration),
    /// Too many requests: wait.
    #[error("too many requests")]
    RateLimited(Duration),
    /// The name of the request cannot be one.
    #[error("an Idempotency-Key has 1 to 255 printable ASCII characters, and there is one of them")]
    InvalidIdempotencyKey,
    /// The name of the request was given to another one.
    #[error("this Idempotency-Key was used for another request")]
    IdempotencyKeyReused,
    /// The request is being done: ask again.
    #[error("a request with this Idempotency-Key is still running")]
    StillRunning,
    /// The request was done meanwhile. The client gets that answer.
    #[error("a request with this Idempotency-Key was done meanwhile; send it again")]
    AlreadyDone,
    /// The client knows another version: read it again.
    #[error("it has changed since the version that If-Match names")]
    Stale,
    /// The domain was not shown to be theirs.
    #[error("the TXT record that shows whose domain this is was not found")]
    NotVerified,
    /// Something else like it exists.
    #[error("{0}")]
    Conflict(&'static str),
    /// The link is down, and its workspace cannot change that. With the reason, if one was given.
    #[error(
        "whoever runs this installation took the link down, and only they can put it up again{}",
        because(.0.as_deref())
    )]
    TakenDown(Option<String>),
    /// A part we need is away: try again.
    #[error("the database cannot be reached")]
    Unavailable(#[source] sqlx::Error),
    /// No name server answers: try again.
    #[error("the name servers do not answer")]
    NoNameServer(String),
    /// Redis, where we need it: try again.
    #[error("redis cannot be reached")]
    NoRedis(#[source] redis::RedisError),
    /// So many passwords wait to be hashed that one more would wait too long: try again.
    #[error("too many people sign in at this moment")]
    TooManyPasswords,
    /// So many pictures wait to be drawn that one more would wait too long: try again.
    #[error("too many pictures are asked for at this moment")]
    TooManyPictures,
    /// It took too long, or others were in the way for too long: try again.
    #[error("this took too long")]
    TimedOut,
    /// It took too long, or the database was lost at the very end: it may be done all the same. Look, or
    /// send it again under its name.
    #[error(
        "this was begun, and may be done or not: look at what is there, or send it again with the same \
         Idempotency-Key, with which it is done once"
    )]
    OutcomeUnknown,
    /// Our mistake. The text is for the log.
    #[error("{0}")]
    Internal(String),
}

impl Error {
    /// One refused field.
    pub fn invalid(field: &str, code: &str, message: impl ToString) -> Self {
        Self::Invalid(vec![FieldError::new(field, code, message)])
    }

    /// The same, if its fields are inside another one.
    #[must_use]
    pub fn below(self, outer: &str) -> Self {
        match self {
            Self::Invalid(errors) => {
                let errors = errors.iter().map(|error| error.below(outer));
                Self::Invalid(errors.collect())
            }
            other => other,
        }
    }

    /// The same with so many refused fields at most; if there are more, one error says so.
    #[must_use]
    pub fn shortened(self, most: usize) -> Self {
        match self {
            Self::Invalid(errors) => Self::Invalid(few(errors, most)),
            other => other,
        }
    }

    /// Our mistake, described for the log.
    pub fn internal(description: impl ToString) -> Self {
        Self::Internal(description.to_string())
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        use sqlx::Error as E;
        match &error {
            E::Database(database)
                if database
                    .code()
                    .is_some_and(|code| TOO_LONG.contains(&&*code)) =>
            {
                Self::TimedOut
            }
            E::Io(_)
            | E::Tls(_)
            | E::PoolTimedOut
            | E::PoolClosed
            | E::WorkerCrashed
            | E::Protocol(_) => Self::Unavailable(error),
            // Classes 08 connection, 53 resources, 57 operator intervention: all pass by themselves.
            E::Database(database)
                if database
                    .code()
                    .is_some_and(|code| ["08", "53", "57"].contains(&&code[..2])) =>
            {
                Self::Unavailable(error)
            }
            _ => Self::Internal(error.to_string()),
        }
    }
}

/// The first of these errors, and one that says that there are more.
pub(crate) fn few(mut errors: Vec<FieldError>, most: usize) -> Vec<FieldError> {
    let left_out = errors.len().saturating_sub(most);
    if left_out > 0 {
        errors.truncate(most);
        errors.push(FieldError::left_out(left_out));
        errors.shrink_to_fit();
    }
    errors
}

fn refused(errors: &[FieldError]) -> String {
    let named = errors.iter().filter(|error| !error.field.is_empty());
    let mut names: Vec<&str> = named.map(|error| error.field.as_str()).collect();
    if names.len() > NAMED {
        names.truncate(NAMED);
        names.push("…");
    }
    match names.is_empty() {
        true => "the body was refused".into(),
        false => format!("{} refused", names.join(", ")),
    }
}

fn because(reason: Option<&str>) -> String {
    reason.map_or_else(String::new, |reason| format!(": {reason}"))
}

/// The beginning of a text that may be long. In characters.
pub(crate) fn cut(mut text: String, longest: usize) -> String {
    if let Some((place, _)) = text.char_indices().nth(longest) {
        text.truncate(place);
        text.push('…');
    }
    text
}
