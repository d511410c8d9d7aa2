use contract::{LinkRecord, Outcome, Reason, Redirect, Visit};
use serde::Serialize;
use utoipa::ToSchema;

/// What a visitor would get, and why.
#[derive(Debug, Serialize, ToSchema)]
pub struct Explanation {
    /// What it is.
    outcome: Kind,
    /// The status of the answer.
    #[schema(example = 302)]
    status: u16,
    /// Where the visitor is sent.
    #[schema(required)]
    location: Option<String>,
    /// Number of the rule that decided, from 1.
    #[schema(required)]
    rule: Option<u8>,
    /// Number of the split target, from 1.
    #[schema(required)]
    variant: Option<u8>,
    /// In words.
    #[schema(example = "rule 2 is the first that matches")]
    why: String,
    /// What the user agent is taken for.
    agent: ExplainedAgent,
    /// Every rule, in order, and whether it matches this visitor.
    rules: Vec<ExplainedRule>,
}

/// What a visitor would get.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ExplainedOutcome)]
enum Kind {
    /// They are sent on.
    Redirect,
    /// They are refused.
    Refusal,
    /// They are asked for the link's password.
    Password,
    /// They see where the link leads.
    Preview,
    /// A chat that draws a picture of the link gets the owner's.
    SocialPreview,
}

/// What a user agent is taken for.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExplainedAgent {
    /// `person`, `bot`, `preview_fetch` or `scanner`.
    #[schema(example = "person")]
    kind: &'static str,
    /// As in rules.
    #[schema(example = "mobile")]
    device: &'static str,
    /// As in rules.
    #[schema(example = "ios")]
    os: &'static str,
    /// As in rules.
    #[schema(example = "safari")]
    browser: &'static str,
}

/// A rule, and a visitor.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExplainedRule {
    /// Whether it matches. The first one that does decides.
    matches: bool,
    /// Whether each of its conditions holds, in order.
    conditions: Vec<bool>,
}

impl Explanation {
    /// `elsewhere` is where the domain sends visitors of a link that refuses.
    pub(super) fn new(
        record: &LinkRecord,
        visit: &Visit<'_>,
        outcome: Outcome<'_>,
        elsewhere: Option<String>,
    ) -> Self {
        let agent = visit.agent();
        let mut explanation = Self {
            outcome: Kind::Refusal,
            status: 200,
            location: None,
            rule: None,
            variant: None,
            why: String::new(),
            agent: ExplainedAgent {
                kind: agent.kind.as_str(),
                device: agent.device.as_str(),
                os: agent.os.as_str(),
                browser: agent.browser.as_str(),
            },
            rules: rules(record, visit),
        };
        let page = |kind, why: &str| (kind, 200, why.to_owned());
        let (kind, status, why) = match outcome {
            Outcome::Redirect(redirect) => {
                explanation.rule = Some(redirect.rule).filter(|rule| *rule > 0);
                explanation.variant = Some(redirect.variant).filter(|variant| *variant > 0);
                let why = why_redirect(record, visit, &redirect);
                let status = redirect.status.as_u16();
                explanation.location = Some(redirect.location.into_owned());
                (Kind::Redirect, status, why)
            }
            Outcome::Refuse { reason, rule } => {
                explanation.rule = Some(rule).filter(|rule| *rule > 0);
                let why = why_refused(reason, rule);
                match elsewhere {
                    Some(url) => {
                        explanation.location = Some(url);
                        let why = format!("{why}; its domain has a place for that");
                        (Kind::Redirect, 302, why)
                    }
                    None => (Kind::Refusal, reason.status(), why),
                }
            }
            Outcome::AskPassword => page(Kind::Password, "it has a password"),
            Outcome::Preview => page(Kind::Preview, "the preview is asked for"),
            Outcome::SocialPreview(_) => page(
                Kind::SocialPreview,
                "a chat asks, and the link has a preview of its own",
            ),
        };
        explanation.outcome = kind;
        explanation.status = status;
        explanation.why = why;
        explanation
    }
}

fn rules(record: &LinkRecord, visit: &Visit<'_>) -> Vec<ExplainedRule> {
    let rules = record.options.iter().flat_map(|options| &options.rules);
    let explained = rules.map(|rule| {
        let conditions = rule.conditions.iter();
        ExplainedRule {
            matches: rule.matches(visit),
            conditions: conditions.map(|condition| condition.holds(visit)).collect(),
        }
    });
    explained.collect()
}

fn why_redirect(record: &LinkRecord, visit: &Visit<'_>, redirect: &Redirect<'_>) -> String {
    let has_expired = record
        .expires_at
        .is_some_and(|expires_at| expires_at <= visit.now);
    let has_rules = record
        .options
        .as_ref()
        .is_some_and(|options| !options.rules.is_empty());
    let no_rule = if has_rules { "no rule matches: " } else { "" };
    match (redirect.is_target, redirect.rule, redirect.variant) {
        (false, ..) if has_expired => "it has expired, and has a place for that".into(),
        (false, ..) => "its click cap is used up, and it has a place for that".into(),
        (true, 0, 0) => format!("{no_rule}its target"),
        (true, 0, variant) if visit.address.is_none() => {
            format!("{no_rule}one of its split targets, {variant} for example")
        }
        (true, 0, variant) => format!("{no_rule}split target {variant} is this visitor's"),
        (true, rule, _) => format!("rule {rule} is the first that matches"),
    }
}

fn why_refused(reason: Reason, rule: u8) -> String {
    match reason {
        Reason::NotYetActive => "it has not begun".into(),
        Reason::ExtraPath => "something follows the code, and it does not pass that on".into(),
        Reason::Deleted => "it was deleted".into(),
        Reason::Disabled => "it is switched off".into(),
        Reason::Expired => "it has expired".into(),
        Reason::UsedUp => "its click cap is used up".into(),
        Reason::Blocked => "it was taken down".into(),
        Reason::Uncounted => "nobody can say how often it was visited".into(),
        Reason::NotFound | Reason::Gone | Reason::Unavailable => {
            format!("rule {rule} is the first that matches, and refuses")
        }
    }
}
