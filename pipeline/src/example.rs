//! A click for the unit tests.

use contract::{Click, LinkId, Method, RequestId, Timestamp};
use uuid::Uuid;

/// Somebody follows a link at `micros`.
pub(crate) fn click(micros: i64) -> Click<'static> {
    Click {
        clicked_at: Timestamp::from_micros(micros),
        request_id: RequestId(Uuid::from_u128(7)),
        link_id: Some(LinkId(Uuid::from_u128(1))),
        visitor: Some([9; 16]),
        method: Method::Get,
        is_prefetch: false,
        is_do_not_track: false,
        is_qr: false,
        variant: 0,
        rule: 0,
        status: 302,
        country: Some(*b"NZ"),
        domain: "localhost",
        code: "abc",
        user_agent: "Mozilla/5.0",
        referrer: "",
        language: "en",
        city: "",
        query: "",
    }
}
