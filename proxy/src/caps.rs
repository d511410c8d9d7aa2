//! How often links with a click cap were visited, exactly, over all proxies.
//!
//! One integer for each such link in Redis, `lp:cap:{link id}:{set after}`: [`CAP_BASE`] plus the visits so
//! far. A visit is granted by an increment that stays within the cap, so no two proxies can grant
//! the last one. A number below the base was not begun by the control plane: Redis is new or has
//! lost it, and the control plane is asked to begin it where the statistics are.

use std::time::Duration;

use contract::keys::CAP_BASE;
use contract::{CapState, ClickCap, Keys, LinkId};
use fred::interfaces::KeysInterface;

use crate::control_plane::ControlPlane;
use crate::redis_client::Connection;

/// Visitors wait for this answer.
const PATIENCE: Duration = Duration::from_millis(400);

/// Counts visits of links with a cap.
pub(crate) struct Caps {
    pub(crate) connection: Connection,
    pub(crate) keys: Keys,
    pub(crate) control_plane: ControlPlane,
}

/// What is asked of a count.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Question {
    /// Take one visit, if there is one left.
    Take,
    /// Is there one left?
    Look,
}

impl Caps {
    /// Asks Redis; where it knows nothing, lets the control plane begin, and asks again, once.
    pub(crate) async fn ask(&self, question: Question, link: LinkId, cap: &ClickCap) -> CapState {
        for may_begin in [true, false] {
            match self.redis(question, link, cap).await {
                Ok(Some(state)) => return state,
                Ok(None) if may_begin => {
                    if let Err(error) = self.control_plane.begin_cap(link, cap.set_after).await {
                        tracing::warn!(%error, %link, "visits of a link cannot be counted");
                        return CapState::Unknown;
                    }
                }
                Ok(None) => tracing::error!(%link, "the control plane has not begun to count"),
                Err(error) => {
                    tracing::debug!(%error, %link, "redis could not be asked for a click cap");
                    return CapState::Unknown;
                }
            }
        }
        CapState::Unknown
    }

    /// `None`: there is no count.
    async fn redis(
        &self,
        question: Question,
        link: LinkId,
        cap: &ClickCap,
    ) -> Result<Option<CapState>, fred::error::Error> {
        let client = self.connection.within(PATIENCE);
        let name = self.keys.click_cap(link, cap.set_after);
        let visits: Option<i64> = match question {
            Question::Take => Some(client.incr(&name).await?),
            Question::Look => client.get(&name).await?,
        };
        let Some(visits) = visits.filter(|visits| *visits >= CAP_BASE) else {
            return Ok(None);
        };
        let visits = (visits - CAP_BASE).unsigned_abs();
        Ok(Some(match question {
            Question::Take if visits > cap.limit => {
                // Given back, so that the number stays true if the owner raises the limit. While
                // it is too high, nobody is granted anything, and nobody could be.
                let _: i64 = client.decr(&name).await?;
                CapState::UsedUp
            }
            Question::Look if visits >= cap.limit => CapState::UsedUp,
            Question::Take | Question::Look => CapState::Open,
        }))
    }

    /// Ends the connection to Redis.
    pub(crate) fn close(&self) {
        self.connection.close();
    }
}
