//! The head of a page, read while it arrives.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use encoding_rs::Encoding;
use lol_html::errors::{RewritingError, SelectorError};
use lol_html::html_content::TextChunk;
use lol_html::send::{Element, ElementContentHandlers, HtmlRewriter, Settings};
use lol_html::{AsciiCompatibleEncoding, HandlerResult, MemorySettings, Selector};

/// Longest title in bytes, as it is written there. More is cut off soon anyway.
const LONGEST_TITLE: usize = 8 * 1024;

/// Memory for a tag that comes in pieces. A picture may be written into an attribute.
const MEMORY: usize = 2 * 1024 * 1024;

/// What was found, as it is written there.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) title: Option<String>,
    /// What the page calls itself to those who show it elsewhere.
    pub(super) heading: Option<String>,
    pub(super) description: Option<String>,
    pub(super) image: Option<String>,
    pub(super) icon: Option<String>,
    pub(super) base: Option<String>,
    is_in_title: bool,
    has_whole_title: bool,
    /// Which of several names a page gives for the same thing was found.
    ranks: [u8; 4],
}

/// Ends the reading: the head is over.
#[derive(Debug, thiserror::Error)]
#[error("the body begins")]
struct BodyBegins;

/// Reads a page up to its body.
pub(super) struct HeadReader {
    rewriter: HtmlRewriter<'static, fn(&[u8])>,
    found: Arc<Mutex<Found>>,
}

impl HeadReader {
    /// `charset` as the server names it. The page may say otherwise; without both it is UTF-8. What is
    /// not in its charset is replaced, not refused.
    ///
    /// # Errors
    /// Never: selectors are constant.
    pub(super) fn new(charset: Option<&str>) -> Result<Self, SelectorError> {
        let found = Arc::<Mutex<Found>>::default();
        let named = charset.and_then(|name| Encoding::for_label_no_replacement(name.as_bytes()));
        let named = named.and_then(AsciiCompatibleEncoding::new);
        let settings = Settings::new_send()
            .with_encoding(named.unwrap_or_else(AsciiCompatibleEncoding::utf_8))
            .with_adjust_charset_on_meta_tag(named.is_none())
            .with_memory_settings(MemorySettings::new().with_max_allowed_memory_usage(MEMORY))
            // Odd markup is read as it comes.
            .with_strict(false);
        let settings = settings
            .append_element_content_handler(on("meta[content]", &found, Found::meta)?)
            .append_element_content_handler(on("link[rel][href]", &found, Found::link)?)
            .append_element_content_handler(on("base[href]", &found, Found::base)?)
            .append_element_content_handler(title(&found)?)
            .append_element_content_handler(body()?);
        let nowhere: fn(&[u8]) = |_| {};
        Ok(Self {
            rewriter: HtmlRewriter::new(settings, nowhere),
            found,
        })
    }

    /// The next piece. False when nothing more need come; after that, nothing more may.
    pub(super) fn read(&mut self, piece: &[u8]) -> bool {
        match self.rewriter.write(piece) {
            Ok(()) => true,
            Err(RewritingError::ContentHandlerError(_)) => false,
            Err(error) => {
                tracing::debug!(%error, "a page is read no further");
                false
            }
        }
    }

    /// What was found.
    pub(super) fn finish(self) -> Found {
        drop(self.rewriter);
        std::mem::take(&mut *lock(&self.found))
    }
}

type Handlers = (Cow<'static, Selector>, ElementContentHandlers<'static>);

fn on(
    selector: &str,
    found: &Arc<Mutex<Found>>,
    note: fn(&mut Found, &Element<'_, '_>),
) -> Result<Handlers, SelectorError> {
    let found = Arc::clone(found);
    let handler = move |element: &mut Element<'_, '_>| -> HandlerResult {
        note(&mut lock(&found), element);
        Ok(())
    };
    let handlers = ElementContentHandlers::default().element(handler);
    Ok((Cow::Owned(selector.parse()?), handlers))
}

/// The first title of the page. Pictures in it may have titles of their own.
fn title(found: &Arc<Mutex<Found>>) -> Result<Handlers, SelectorError> {
    let (at_begin, at_text) = (Arc::clone(found), Arc::clone(found));
    let begin = move |element: &mut Element<'_, '_>| -> HandlerResult {
        let is_pages = element.namespace_uri().ends_with("/xhtml");
        if !is_pages || lock(&at_begin).has_whole_title {
            return Ok(());
        }
        lock(&at_begin).is_in_title = true;
        let at_end = Arc::clone(&at_begin);
        element.on_end_tag(Box::new(move |_| {
            let mut found = lock(&at_end);
            (found.is_in_title, found.has_whole_title) = (false, true);
            Ok(())
        }))
    };
    let text = move |text: &mut TextChunk<'_>| -> HandlerResult {
        let mut found = lock(&at_text);
        if found.is_in_title {
            let title = found.title.get_or_insert_default();
            if title.len() < LONGEST_TITLE {
                title.push_str(text.as_str());
            }
        }
        Ok(())
    };
    let handlers = ElementContentHandlers::default().element(begin).text(text);
    Ok((Cow::Owned("title".parse()?), handlers))
}

fn body() -> Result<Handlers, SelectorError> {
    let end = |_: &mut Element<'_, '_>| -> HandlerResult { Err(BodyBegins.into()) };
    let handlers = ElementContentHandlers::default().element(end);
    Ok((Cow::Owned("body".parse()?), handlers))
}

impl Found {
    fn meta(&mut self, element: &Element<'_, '_>) {
        let name = element
            .get_attribute("property")
            .or_else(|| element.get_attribute("name"));
        let name = name.unwrap_or_default().to_ascii_lowercase();
        // What, and how good this name for it is.
        let (which, rank) = match name.as_str() {
            "og:title" => (0, 2),
            "twitter:title" => (0, 1),
            "og:description" => (1, 3),
            "twitter:description" => (1, 2),
            "description" => (1, 1),
            "og:image" | "og:image:url" | "og:image:secure_url" => (2, 2),
            "twitter:image" | "twitter:image:src" => (2, 1),
            _ => return,
        };
        self.note(which, rank, element.get_attribute("content"));
    }

    fn link(&mut self, element: &Element<'_, '_>) {
        let rel = element.get_attribute("rel").unwrap_or_default();
        let has = |kind: &str| {
            rel.split_ascii_whitespace()
                .any(|word| word.eq_ignore_ascii_case(kind))
        };
        let rank = match (has("icon"), has("apple-touch-icon")) {
            (true, _) => 2,
            (false, true) => 1,
            (false, false) => return,
        };
        self.note(3, rank, element.get_attribute("href"));
    }

    fn base(&mut self, element: &Element<'_, '_>) {
        if self.base.is_none() {
            self.base = element.get_attribute("href");
        }
    }

    /// The first of the best counts.
    fn note(&mut self, which: usize, rank: u8, value: Option<String>) {
        let value = value.filter(|value| !value.trim().is_empty());
        if value.is_none() || rank <= self.ranks[which] {
            return;
        }
        self.ranks[which] = rank;
        match which {
            0 => self.heading = value,
            1 => self.description = value,
            2 => self.image = value,
            _ => self.icon = value,
        }
    }
}

fn lock(found: &Mutex<Found>) -> MutexGuard<'_, Found> {
    found.lock().unwrap_or_else(PoisonError::into_inner)
}
