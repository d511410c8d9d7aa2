//! Sends requests and checks every answer. One thread, so that one core is enough, and epoll
//! without a runtime, so that it costs less than the server that it measures.

mod answer;
mod closed;
mod connection;
mod crowd;
mod head;
mod open;

pub(crate) use answer::Answer;
pub(crate) use closed::{Order, Tally, Until};
pub(crate) use crowd::{Crowd, Expect};
pub(crate) use head::{Head, HeadKind};
pub(crate) use open::{Arrivals, Stop, Timed, WINDOW, nanos};
