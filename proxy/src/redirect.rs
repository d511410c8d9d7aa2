//! A request for a link, from its name to its answer.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use contract::identity::sticky_value;
use contract::user_agent::AgentKind;
use contract::{Domain, LinkRecord, Method, Outcome, Place, Reason, Redirect, UnlockKey, decide};

use crate::answer::Answer;
use crate::cache::{Cached, is_sendable};
use crate::caps::{Caps, Question};
use crate::clicks::Recorder;
use crate::coherence::Freshness;
use crate::cookies;
use crate::directory::Directory;
use crate::geo::Geo;
use crate::metrics::Metrics;
use crate::resolver::Resolved;
use crate::visit::{Answered, Facts, Fields, Texts, Visitor};
use crate::visitor::VisitorKeys;

/// Who asked for a code has paid for the look-up, or was told from memory: asking for its domain
/// as well must not cost them another.
const ALREADY_PAID: Option<IpAddr> = None;

/// Answers requests for links.
pub(crate) struct Redirector {
    pub(crate) directory: Directory,
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) caps: Caps,
    pub(crate) geo: Arc<Geo>,
    pub(crate) visitors: Arc<VisitorKeys>,
    pub(crate) unlock: UnlockKey,
    pub(crate) default_domain: Domain,
    pub(crate) respects_do_not_track: bool,
    pub(crate) freshness: Arc<Freshness>,
    pub(crate) metrics: Arc<Metrics>,
}

/// What becomes of a request.
#[derive(Debug)]
pub(crate) enum Reply {
    /// It is answered here.
    Answer(Answer),
    /// The control plane answers.
    HandOver,
}

impl Reply {
    /// The answer, if it is given here.
    pub(crate) fn answer(self) -> Option<Answer> {
        match self {
            Self::Answer(answer) => Some(answer),
            Self::HandOver => None,
        }
    }
}

/// A link, and who asks for it.
struct Hit<'h, F> {
    cached: &'h Arc<Cached>,
    link: &'h LinkRecord,
    key: &'h str,
    visitor: &'h Visitor<'h, F>,
    texts: Texts<'h>,
}

/// What was decided.
enum Decided {
    Reply(Reply),
    /// Not to redirect; perhaps the domain has another place for the visitor.
    Refused(Reason),
}

impl Redirector {
    /// The reply to a request for a link. A click is recorded before this returns, so before the
    /// answer is written. `key` is a buffer for the text of the link's key.
    pub(crate) async fn answer<F: Fields>(
        &self,
        domain: &str,
        code: &str,
        key: &mut String,
        visitor: &Visitor<'_, F>,
    ) -> Reply {
        let begin = Instant::now();
        let reply = self.reply(domain, code, key, visitor).await;
        self.metrics.latency.record(begin.elapsed());
        reply
    }

    async fn reply<F: Fields>(
        &self,
        domain: &str,
        code: &str,
        key: &mut String,
        visitor: &Visitor<'_, F>,
    ) -> Reply {
        let address = visitor.address;
        match self.directory.find(domain, code, key, address).await {
            Resolved::Found(cached) => {
                let decided = match cached.link() {
                    // Cut off for too long: nobody knows what has become of the link.
                    Some(link) if !self.freshness.permits(link.is_strict(), visitor.arrived_at) => {
                        Decided::Refused(Reason::Uncounted)
                    }
                    Some(link) => {
                        let hit = Hit {
                            cached: &cached,
                            link,
                            key,
                            visitor,
                            texts: visitor.texts(self.respects_do_not_track),
                        };
                        let facts = self.facts(&hit).await;
                        self.in_place(address, |place| self.follow(&hit, &facts, place))
                    }
                    // What has a code is a link.
                    None => Decided::Refused(Reason::NotFound),
                };
                match decided {
                    Decided::Reply(reply) => reply,
                    Decided::Refused(reason) => self.refuse(reason, domain).await,
                }
            }
            Resolved::Absent => self.not_found(domain, key, visitor).await,
            Resolved::Limited(wait) => {
                self.metrics.redirects.limited.increment(1);
                Reply::Answer(Answer::too_many_misses(wait))
            }
            Resolved::Unknown => {
                self.metrics.redirects.unavailable.increment(1);
                Reply::Answer(Answer::unavailable())
            }
        }
    }

    /// The reply to a request for a domain's root.
    pub(crate) async fn root(&self, domain: &str, address: Option<IpAddr>) -> Reply {
        let settings = self.directory.domain(domain, address).await;
        match settings.and_then(|settings| settings.root_url) {
            Some(url) => Reply::Answer(self.elsewhere(url)),
            None => Reply::HandOver,
        }
    }

    /// The facts that cost something, and that few links ask for.
    async fn facts<F: Fields>(&self, hit: &Hit<'_, F>) -> Facts {
        let mut facts = Facts::default();
        let (link, visitor) = (hit.link, hit.visitor);
        let Some(options) = link.options.as_deref() else {
            return facts;
        };
        if let Some(password) = options.password {
            let (fields, now) = (visitor.fields, visitor.arrived_at);
            facts.is_unlocked =
                cookies::is_unlocked(fields, &self.unlock, link.link_id, password, now);
        }
        if let Some(split) = &options.split
            && split.uses_cookie
        {
            facts.variant_cookie = cookies::variant(visitor.fields, link.link_id);
        }
        if let (Some(_), Some(address)) = (&options.split, visitor.address) {
            facts.sticky = sticky_value(address, hit.texts.user_agent.as_bytes());
        }
        if let Some(cap) = &options.click_cap {
            let question = match self.would_visit(hit, &facts) {
                true => Question::Take,
                false => Question::Look,
            };
            facts.cap = self.caps.ask(question, link.link_id, cap).await;
        }
        facts
    }

    /// Whether a person would get to the target if there were a visit left. Only that uses one up.
    fn would_visit<F: Fields>(&self, hit: &Hit<'_, F>, facts: &Facts) -> bool {
        self.in_place(hit.visitor.address, |place| {
            let visit = hit.visitor.visit(&hit.texts, place, facts);
            hit.visitor.method == Method::Get
                && !hit.texts.is_prefetch
                && visit.agent().kind != AgentKind::PreviewFetch
                && matches!(decide(hit.link, &visit), Outcome::Redirect(redirect) if redirect.is_target)
        })
    }

    fn follow<F: Fields>(&self, hit: &Hit<'_, F>, facts: &Facts, place: &Place<'_>) -> Decided {
        let outcomes = &self.metrics.redirects;
        let visit = hit.visitor.visit(&hit.texts, place, facts);
        Decided::Reply(match decide(hit.link, &visit) {
            Outcome::Redirect(redirect) => Reply::Answer(self.redirect(hit, place, &redirect)),
            Outcome::Refuse { reason, .. } => return Decided::Refused(reason),
            Outcome::AskPassword => {
                outcomes.password.increment(1);
                Reply::HandOver
            }
            Outcome::Preview => {
                outcomes.preview.increment(1);
                Reply::HandOver
            }
            Outcome::SocialPreview(preview) => {
                outcomes.preview.increment(1);
                Reply::Answer(Answer::social_preview(preview))
            }
        })
    }

    /// On to the target, with a click; or to where the link leads instead of it, without.
    fn redirect<F: Fields>(
        &self,
        hit: &Hit<'_, F>,
        place: &Place<'_>,
        redirect: &Redirect<'_>,
    ) -> Answer {
        let link = hit.link;
        // What was stored was looked at when it was stored in memory.
        let is_as_stored = link.options.is_none();
        let is_sendable = match is_as_stored {
            true => hit.cached.is_sendable,
            false => is_sendable(&redirect.location),
        };
        if !is_sendable {
            let request_id = hit.visitor.request_id;
            tracing::error!(%request_id, link.id = %link.link_id, "a stored target cannot be a header");
            self.metrics.redirects.broken.increment(1);
            return Answer::broken_link();
        }
        if redirect.is_target {
            let answered = Answered {
                key: hit.key,
                link_id: Some(link.link_id),
                status: redirect.status.as_u16(),
                variant: redirect.variant,
                rule: redirect.rule,
            };
            self.record(hit.visitor, &hit.texts, &answered, place);
        }
        self.metrics.redirects.redirected.increment(1);
        hit.cached.redirects.increment(1);
        match is_as_stored {
            true => Answer::redirect(redirect.status, hit.cached.clone()),
            false => Answer::redirect_by_options(link, redirect, hit.texts.is_do_not_track),
        }
    }

    /// Says no in the link's stead.
    async fn refuse(&self, reason: Reason, domain: &str) -> Reply {
        if reason == Reason::Expired {
            let settings = self.directory.domain(domain, ALREADY_PAID).await;
            if let Some(url) = settings.and_then(|settings| settings.expired_url) {
                return Reply::Answer(self.elsewhere(url));
            }
        }
        let outcomes = &self.metrics.redirects;
        let (outcome, answer) = match reason.status() {
            404 => (&outcomes.not_found, Answer::not_found()),
            451 => (&outcomes.blocked, Answer::blocked()),
            503 => (&outcomes.unavailable, Answer::unavailable()),
            _ => (&outcomes.gone, Answer::gone()),
        };
        outcome.increment(1);
        Reply::Answer(answer)
    }

    /// There is no such link. That somebody asked for it is kept: a code may be misprinted.
    async fn not_found<F: Fields>(
        &self,
        domain: &str,
        key: &str,
        visitor: &Visitor<'_, F>,
    ) -> Reply {
        let settings = self.directory.domain(domain, ALREADY_PAID).await;
        let is_ours = settings.is_some() || domain == self.default_domain.as_str();
        let url = settings.and_then(|settings| settings.not_found_url);
        // Strangers' names and longer paths are tried by those who look for holes.
        if is_ours && visitor.extra_path.is_empty() {
            let texts = visitor.texts(self.respects_do_not_track);
            let answered = Answered {
                key,
                link_id: None,
                status: if url.is_some() { 302 } else { 404 },
                variant: 0,
                rule: 0,
            };
            self.in_place(visitor.address, |place| {
                self.record(visitor, &texts, &answered, place);
            });
        }
        match url {
            Some(url) => Reply::Answer(self.elsewhere(url)),
            None => {
                self.metrics.redirects.not_found.increment(1);
                Reply::Answer(Answer::not_found())
            }
        }
    }

    /// Keeps a click.
    fn record<F: Fields>(
        &self,
        visitor: &Visitor<'_, F>,
        texts: &Texts<'_>,
        answered: &Answered<'_>,
        place: &Place<'_>,
    ) {
        let hash = match visitor.address {
            Some(address) if !texts.is_do_not_track => {
                let user_agent = texts.user_agent.as_bytes();
                self.visitors.hash(visitor.arrived_at, address, user_agent)
            }
            _ => None,
        };
        self.recorder
            .record(&visitor.click(texts, answered, place, hash));
    }

    fn in_place<T>(&self, address: Option<IpAddr>, use_place: impl FnOnce(&Place<'_>) -> T) -> T {
        match address {
            Some(address) => self.geo.look_up(address, use_place),
            None => use_place(&Place::default()),
        }
    }

    /// To a place of the domain's.
    fn elsewhere(&self, url: String) -> Answer {
        if !is_sendable(&url) {
            tracing::error!("a domain's target cannot be a header");
            self.metrics.redirects.broken.increment(1);
            return Answer::broken_link();
        }
        self.metrics.redirects.redirected.increment(1);
        Answer::elsewhere(url)
    }
}
