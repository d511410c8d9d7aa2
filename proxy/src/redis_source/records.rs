use std::time::Duration;

use bytes::Bytes;
use contract::{Keys, Record};
use fred::interfaces::HashesInterface;
use tokio::sync::watch;

use super::{ReadError, Sessions};
use crate::cache::LinkKey;
use crate::coherence::Standing;

/// How long a visitor waits for Redis before the control plane is asked. A healthy Redis answers
/// in 1 ms; one that does not within this is not going to.
const PATIENCE: Duration = Duration::from_millis(400);

/// Records of links, one by one.
pub(crate) struct Records {
    pub(crate) sessions: Sessions,
    pub(crate) keys: Keys,
    /// Whether what is found can be believed.
    pub(crate) standing: watch::Receiver<Standing>,
}

impl Records {
    /// The record of a link; `None` if Redis has none, which says nothing about whether the link
    /// exists: Redis may have been emptied.
    pub(crate) async fn get(&self, key: &LinkKey) -> Result<Option<Record>, ReadError> {
        let session = self.sessions.current().ok_or(ReadError::Away)?;
        // Before the record is read: what comes later can only make it newer.
        let epoch = self.standing.borrow().trusts(&session.run_id);
        let epoch = epoch.ok_or(ReadError::Untrusted)?.to_string();
        let name = self.keys.link(key.domain(), key.code());
        let client = session.within(PATIENCE);
        let (written_in, record): (Option<String>, Option<Bytes>) =
            client.hmget(name, vec!["epoch", "rec"]).await?;
        // Left over from a database that is no more.
        if written_in != Some(epoch) {
            return Ok(None);
        }
        Ok(record.map(|record| Record::decode(&record)).transpose()?)
    }
}
