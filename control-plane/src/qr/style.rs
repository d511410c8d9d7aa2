use qrcode::EcLevel;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::colour::Colour;
use crate::error::{Error, FieldError, Result};

const DEFAULT_SIZE: i64 = 512;
const SIZES: std::ops::RangeInclusive<i64> = 64..=2048;
/// What the standard asks for. Modules.
const DEFAULT_MARGIN: i64 = 4;
const MARGINS: std::ops::RangeInclusive<i64> = 0..=20;

/// Cameras need about this much in bad light.
const MIN_CONTRAST: f64 = 4.0;

/// What a QR code looks like.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct QrQuery {
    /// Width and height in pixels, 64 to 2048; 512 when absent.
    #[param(minimum = 64, maximum = 2048)]
    size: Option<i64>,
    /// Empty space around it in modules, 0 to 20; 4, as the standard asks for, when absent.
    #[param(minimum = 0, maximum = 20)]
    margin: Option<i64>,
    /// Colour of the modules, such as `1a2b3c`; black when absent. Must be darker than `background`.
    #[param(example = "1a2b3c")]
    colour: Option<String>,
    /// Colour behind them; white when absent.
    #[param(example = "ffffff")]
    background: Option<String>,
    /// How much of it may be damaged: `l` 7 %, `m` 15 %, `q` 25 %, `h` 30 %. `m` when absent, `h` with
    /// a logo.
    #[param(inline)]
    level: Option<Level>,
    /// True puts the workspace's logo in the middle.
    logo: Option<bool>,
}

/// Error correction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// 7 % may be damaged.
    L,
    /// 15 %.
    M,
    /// 25 %.
    Q,
    /// 30 %.
    H,
}

/// How a picture is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Pixels.
    Png,
    /// Shapes.
    Svg,
}

/// A query in order.
#[derive(Debug)]
pub struct Style {
    pub(super) size: u32,
    pub(super) margin: u32,
    pub(super) colour: Colour,
    pub(super) background: Colour,
    pub(super) level: EcLevel,
    /// Whether there is to be a logo.
    pub has_logo: bool,
}

impl Style {
    /// Width and height in pixels.
    pub fn size(&self) -> u32 {
        self.size
    }
}

impl QrQuery {
    /// # Errors
    /// [`Error::Invalid`] with all that is wrong.
    pub fn check(&self) -> Result<Style> {
        let mut errors = Vec::new();
        let mut number =
            |field, asked: Option<i64>, default, range: std::ops::RangeInclusive<i64>| {
                let number = asked.unwrap_or(default);
                if !range.contains(&number) {
                    let message =
                        format!("choose a number from {} to {}", range.start(), range.end());
                    errors.push(FieldError::new(field, "out_of_range", message));
                }
                u32::try_from(number).unwrap_or_default()
            };
        let size = number("size", self.size, DEFAULT_SIZE, SIZES);
        let margin = number("margin", self.margin, DEFAULT_MARGIN, MARGINS);
        let mut colour = |field, text: &Option<String>, default| {
            let Some(text) = text else {
                return default;
            };
            text.parse().unwrap_or_else(|()| {
                let message = "a colour is written as 1a2b3c";
                errors.push(FieldError::new(field, "invalid_colour", message));
                default
            })
        };
        let background = colour("background", &self.background, Colour::WHITE);
        let colour = colour("colour", &self.colour, Colour::BLACK);
        if errors.is_empty() && colour.luminance() >= background.luminance() {
            let message = "the modules must be darker than what is behind them";
            errors.push(FieldError::new("colour", "too_light", message));
        } else if errors.is_empty() && colour.contrast(background) < MIN_CONTRAST {
            let message = "cameras could not tell these two colours apart";
            errors.push(FieldError::new("colour", "too_little_contrast", message));
        }
        let has_logo = self.logo == Some(true);
        if has_logo && self.level.is_some_and(|level| level != Level::H) {
            let message = "a logo hides a part, which only level h makes up for";
            errors.push(FieldError::new("level", "too_low_for_logo", message));
        }
        if !errors.is_empty() {
            return Err(Error::Invalid(errors));
        }
        Ok(Style {
            size,
            margin,
            colour,
            background,
            level: match (self.level, has_logo) {
                (_, true) | (Some(Level::H), _) => EcLevel::H,
                (Some(Level::L), _) => EcLevel::L,
                (Some(Level::Q), _) => EcLevel::Q,
                (Some(Level::M) | None, _) => EcLevel::M,
            },
            has_logo,
        })
    }
}
