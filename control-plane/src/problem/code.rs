//! What can go wrong in a request, by name. The one table of it: answers, the API's description and
//! its page have their codes from here.

use axum::http::StatusCode;

macro_rules! codes {
    ($($code:ident = $status:ident, $name:literal, $meaning:literal;)*) => {
        /// A stable name for programs. One status can have several.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Code {
            $(
                #[doc = $meaning]
                $code,
            )*
        }

        impl Code {
            /// All of them, by status.
            pub const ALL: &[Self] = &[$(Self::$code),*];

            /// As it is sent.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)*
                }
            }

            /// The status it is sent with.
            pub fn status(self) -> StatusCode {
                match self {
                    $(Self::$code => StatusCode::$status,)*
                }
            }

            /// For people.
            pub fn meaning(self) -> &'static str {
                match self {
                    $(Self::$code => $meaning,)*
                }
            }
        }
    };
}

codes! {
    Malformed = BAD_REQUEST, "malformed",
        "The request cannot be read.";
    InvalidIdempotencyKey = BAD_REQUEST, "invalid_idempotency_key",
        "The `Idempotency-Key` cannot be one.";
    Unauthenticated = UNAUTHORIZED, "unauthenticated",
        "There is no credential, or it is not valid.";
    InvalidCredentials = UNAUTHORIZED, "invalid_credentials",
        "The e-mail address or the password is wrong.";
    CrossSite = FORBIDDEN, "cross_site",
        "Another site could have sent this with the visitor's cookie.";
    Forbidden = FORBIDDEN, "forbidden",
        "The role does not allow it.";
    MissingScope = FORBIDDEN, "missing_scope",
        "The key's scopes do not allow it.";
    OneDomainOnly = FORBIDDEN, "one_domain_only",
        "The key sees one domain only, and this concerns more.";
    OneTagOnly = FORBIDDEN, "one_tag_only",
        "The key sees links with one tag only, and this concerns more.";
    NotFound = NOT_FOUND, "not_found",
        "It is not there, or it is not yours.";
    LinkNotFound = NOT_FOUND, "link_not_found",
        "The link is not there, or it is not yours.";
    MethodNotAllowed = METHOD_NOT_ALLOWED, "method_not_allowed",
        "The path is there, but not with this method.";
    Conflict = CONFLICT, "conflict",
        "Something else stands in the way: `detail` says what.";
    CodeTaken = CONFLICT, "code_taken",
        "Another link has the code; `suggestion` is free.";
    NotVerified = CONFLICT, "not_verified",
        "The domain was not shown to be yours yet.";
    StillRunning = CONFLICT, "still_running",
        "A request with this `Idempotency-Key` is being done.";
    LinkGone = GONE, "link_gone",
        "The link was deleted. For 30 days it can be restored.";
    Stale = PRECONDITION_FAILED, "stale",
        "It has changed since the version that `If-Match` names.";
    TooLarge = PAYLOAD_TOO_LARGE, "too_large",
        "The body is longer than is allowed here.";
    UnsupportedMediaType = UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type",
        "The body is of another type, character set or coding than is taken here.";
    ValidationFailed = UNPROCESSABLE_ENTITY, "validation_failed",
        "Fields or parameters were refused: `errors` names each.";
    IdempotencyKeyReused = UNPROCESSABLE_ENTITY, "idempotency_key_reused",
        "This `Idempotency-Key` was used for another request.";
    RateLimited = TOO_MANY_REQUESTS, "rate_limited",
        "There were too many requests: wait as long as `Retry-After` says.";
    TooManyAttempts = TOO_MANY_REQUESTS, "too_many_attempts",
        "Passwords were tried too often: wait as long as `Retry-After` says.";
    Internal = INTERNAL_SERVER_ERROR, "internal",
        "Our mistake. `request_id` finds it in our log.";
    Unavailable = SERVICE_UNAVAILABLE, "unavailable",
        "Something that is needed cannot be reached: try again.";
    TimedOut = SERVICE_UNAVAILABLE, "timed_out",
        "It took too long: try again.";
    Busy = SERVICE_UNAVAILABLE, "busy",
        "Too many passwords wait to be looked at, or pictures to be drawn: try again in a moment.";
    NoNameServer = SERVICE_UNAVAILABLE, "no_name_server",
        "No name server answers: try again.";
    OutcomeUnknown = GATEWAY_TIMEOUT, "outcome_unknown",
        "It took too long, or the database was lost at the very end, and it may be done or not. Sent again \
         with the same `Idempotency-Key`, it is done once; without one, look first.";
}

impl Code {
    /// What an error is called.
    pub(crate) fn of(error: &crate::error::Error) -> Self {
        use crate::error::Error;
        match error {
            Error::Malformed(_) => Self::Malformed,
            Error::TooLarge => Self::TooLarge,
            Error::UnsupportedMediaType(_) => Self::UnsupportedMediaType,
            Error::Invalid(_) => Self::ValidationFailed,
            Error::Unauthenticated => Self::Unauthenticated,
            Error::InvalidCredentials => Self::InvalidCredentials,
            Error::CrossSite => Self::CrossSite,
            Error::Forbidden => Self::Forbidden,
            Error::MissingScope(_) => Self::MissingScope,
            Error::OneDomainOnly => Self::OneDomainOnly,
            Error::OneTagOnly => Self::OneTagOnly,
            Error::NotFound("link") => Self::LinkNotFound,
            Error::NotFound(_) => Self::NotFound,
            Error::LinkGone => Self::LinkGone,
            Error::MethodNotAllowed => Self::MethodNotAllowed,
            Error::CodeTaken { .. } => Self::CodeTaken,
            Error::TooManyAttempts(_) => Self::TooManyAttempts,
            Error::RateLimited(_) => Self::RateLimited,
            Error::InvalidIdempotencyKey => Self::InvalidIdempotencyKey,
            Error::IdempotencyKeyReused => Self::IdempotencyKeyReused,
            Error::StillRunning | Error::AlreadyDone => Self::StillRunning,
            Error::Stale => Self::Stale,
            Error::NotVerified => Self::NotVerified,
            Error::Conflict(_) | Error::TakenDown(_) => Self::Conflict,
            Error::Unavailable(_) | Error::NoRedis(_) => Self::Unavailable,
            Error::NoNameServer(_) => Self::NoNameServer,
            Error::TimedOut => Self::TimedOut,
            Error::TooManyPasswords | Error::TooManyPictures => Self::Busy,
            Error::OutcomeUnknown => Self::OutcomeUnknown,
            Error::Internal(_) => Self::Internal,
        }
    }
}
