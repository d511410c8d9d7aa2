use std::io::Cursor;

use image::imageops::FilterType;
use image::{ImageFormat, ImageReader, Limits, RgbaImage};

use crate::error::{Error, Result};

/// Pixels of a logo as it is kept, in width and in height.
const KEPT: u32 = 256;

/// Pixels of a logo as it may be sent. A picture of a few bytes can claim to have billions.
const ACCEPTED: u32 = 2048;

/// A picture for the middle of a QR code.
#[derive(Debug)]
pub struct Logo {
    pub(super) image: RgbaImage,
    pub(super) png: Vec<u8>,
}

impl Logo {
    /// Reads what somebody sent.
    ///
    /// # Errors
    /// [`Error::Invalid`] if it is no PNG, or too large.
    pub fn accept(bytes: &[u8]) -> Result<Self> {
        let refuse = |message: &str| Error::invalid("logo", "invalid_picture", message);
        let image =
            read(bytes).ok_or_else(|| refuse("send a PNG of at most 2048 × 2048 pixels"))?;
        let image = match image.width().max(image.height()) > KEPT {
            true => image::DynamicImage::from(image)
                .resize(KEPT, KEPT, FilterType::Lanczos3)
                .into_rgba8(),
            false => image,
        };
        let mut png = Cursor::new(Vec::new());
        let written = image.write_to(&mut png, ImageFormat::Png);
        written.map_err(Error::internal)?;
        let png = png.into_inner();
        Ok(Self { image, png })
    }

    /// Reads what we wrote.
    pub fn stored(png: Vec<u8>) -> Result<Self> {
        let image = read(&png).ok_or_else(|| Error::internal("a stored logo cannot be read"))?;
        Ok(Self { image, png })
    }

    /// The picture as it is kept.
    pub fn into_png(self) -> Vec<u8> {
        self.png
    }
}

fn read(bytes: &[u8]) -> Option<RgbaImage> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), ImageFormat::Png);
    let mut limits = Limits::default();
    limits.max_image_width = Some(ACCEPTED);
    limits.max_image_height = Some(ACCEPTED);
    reader.limits(limits);
    let image = reader.decode().ok()?.into_rgba8();
    (image.width() > 0 && image.height() > 0).then_some(image)
}
