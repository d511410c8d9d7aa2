use std::fmt::Write;
use std::io::Cursor;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::imageops::{self, FilterType};
use image::{ImageFormat, Rgb, RgbImage};
use qrcode::{Color, QrCode};

use super::colour::Colour;
use super::{Format, Logo, Style};
use crate::error::{Error, Result};

/// Share of the width that a logo takes: 4 % of the area, 5 % with its frame. Level H makes up for
/// 30 %, of which a good part is for dirt and reflections.
const LOGO_SHARE: f64 = 0.2;

/// A QR code that can be drawn.
#[derive(Debug)]
pub struct Picture {
    style: Style,
    logo: Option<Logo>,
    /// Row by row.
    modules: Vec<Color>,
    /// Modules in a row.
    width: u32,
}

impl Picture {
    /// The code of an address.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it does not fit into the size.
    pub fn new(address: &str, style: Style, logo: Option<Logo>) -> Result<Self> {
        let code = QrCode::with_error_correction_level(address, style.level);
        let code = code.map_err(Error::internal)?;
        let width = u32::try_from(code.width()).map_err(Error::internal)?;
        let needed = width + 2 * style.margin;
        if style.size < needed {
            let message = format!("this address needs at least {needed} pixels with this margin");
            return Err(Error::invalid("size", "too_small", message));
        }
        Ok(Self {
            style,
            logo,
            modules: code.into_colors(),
            width,
        })
    }

    /// Draws it.
    pub fn draw(&self, format: Format) -> Result<Vec<u8>> {
        match format {
            Format::Png => self.png(),
            Format::Svg => self.svg().map(String::into_bytes),
        }
    }

    fn dark(&self) -> impl Iterator<Item = (u32, u32)> {
        let places = (0..self.width).flat_map(|y| (0..self.width).map(move |x| (x, y)));
        let dark = places.zip(&self.modules);
        dark.filter(|(_, colour)| **colour == Color::Dark)
            .map(|(place, _)| place)
    }

    /// Each module has a whole number of pixels; what is left over goes around them.
    fn png(&self) -> Result<Vec<u8>> {
        let size = self.style.size;
        let pixel = |Colour(colour): Colour| Rgb(colour);
        let mut image = RgbImage::from_pixel(size, size, pixel(self.style.background));
        let scale = size / (self.width + 2 * self.style.margin);
        let begin = (size - scale * self.width) / 2;
        for (x, y) in self.dark() {
            for down in 0..scale {
                for right in 0..scale {
                    let (x, y) = (begin + x * scale + right, begin + y * scale + down);
                    image.put_pixel(x, y, pixel(self.style.colour));
                }
            }
        }
        if let Some(logo) = &self.logo {
            self.paste(&mut image, logo, scale);
        }
        let mut png = Cursor::new(Vec::new());
        let written = image.write_to(&mut png, ImageFormat::Png);
        written.map_err(Error::internal)?;
        Ok(png.into_inner())
    }

    fn paste(&self, image: &mut RgbImage, logo: &Logo, scale: u32) {
        let side = (f64::from(self.width * scale) * LOGO_SHARE) as u32;
        let logo = image::DynamicImage::from(logo.image.clone());
        let logo = logo.resize(side.max(1), side.max(1), FilterType::Lanczos3);
        let logo = logo.into_rgba8();
        let frame = scale / 2;
        let (left, top) = (
            (image.width() - logo.width()) / 2,
            (image.height() - logo.height()) / 2,
        );
        let Colour(background) = self.style.background;
        for y in top.saturating_sub(frame)..top + logo.height() + frame {
            for x in left.saturating_sub(frame)..left + logo.width() + frame {
                image.put_pixel(x, y, Rgb(background));
            }
        }
        let mut layer = image::DynamicImage::from(image.clone());
        imageops::overlay(&mut layer, &logo, i64::from(left), i64::from(top));
        *image = layer.into_rgb8();
    }

    fn svg(&self) -> Result<String> {
        let Style {
            size,
            margin,
            colour,
            background,
            ..
        } = self.style;
        let whole = self.width + 2 * margin;
        let mut path = String::new();
        for (x, y) in self.dark() {
            let (x, y) = (x + margin, y + margin);
            write!(path, "M{x} {y}h1v1h-1z").map_err(Error::internal)?;
        }
        let logo = self.logo.as_ref().map(|logo| self.svg_logo(logo));
        let logo = logo.unwrap_or_default();
        Ok(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{size}\" height=\"{size}\" \
             viewBox=\"0 0 {whole} {whole}\" shape-rendering=\"crispEdges\">\
             <rect width=\"{whole}\" height=\"{whole}\" fill=\"{background}\"/>\
             <path d=\"{path}\" fill=\"{colour}\"/>{logo}</svg>\n"
        ))
    }

    fn svg_logo(&self, logo: &Logo) -> String {
        let whole = f64::from(self.width + 2 * self.style.margin);
        let longest = f64::from(logo.image.width().max(logo.image.height()));
        let share = |pixels: u32| f64::from(self.width) * LOGO_SHARE * f64::from(pixels) / longest;
        let (width, height) = (share(logo.image.width()), share(logo.image.height()));
        let (x, y) = ((whole - width) / 2.0, (whole - height) / 2.0);
        let background = self.style.background;
        let png = STANDARD.encode(&logo.png);
        format!(
            "<rect x=\"{:.3}\" y=\"{:.3}\" width=\"{:.3}\" height=\"{:.3}\" fill=\"{background}\"/>\
             <image x=\"{x:.3}\" y=\"{y:.3}\" width=\"{width:.3}\" height=\"{height:.3}\" \
             href=\"data:image/png;base64,{png}\"/>",
            x - 0.5,
            y - 0.5,
            width + 1.0,
            height + 1.0,
        )
    }
}
