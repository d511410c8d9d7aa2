//! Requests with an `Idempotency-Key`: sent twice, done once.
//!
//! What a request makes, and the answer to it under the request's name, are written in one
//! transaction. So whenever a process or a connection dies, a request that is sent again either
//! finds the answer, or finds that nothing was made. There is no state between the two that
//! somebody would have to tidy up.
//!
//! Every POST of a caller takes such a name. Two have no caller, and take none: signing in, which may well
//! be done twice, and whose answer is a secret that must not be kept; and accepting an invitation, whose
//! token is a name by itself, since it works once, and whose answer is a sign-in, too.

mod layer;
mod name;
mod request;

pub(crate) use layer::DoneBefore;
pub use layer::once;
pub use request::Once;
