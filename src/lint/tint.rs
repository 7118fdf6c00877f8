//! The colour of a small picture: is the seal red, is the signature blue?
//!
//! Owns the only decoding of pictures, and its limits: nothing larger than a seal can be on paper, nothing that unpacks
//! to more than a seal scanned at 600 dpi needs.

use hayro::hayro_interpret::{Image, ImageData, LumaData};
use hayro::hayro_syntax::object::Stream;

use super::ink::Frame;
use super::read::{filters, unpacked};

/// So many pictures of a page are looked at.
pub const PICTURES_MAX: usize = 8;
/// A seal or a signature is no larger (mm) …
const LENGTH_MAX_MM: f64 = 80.0;
/// … and no smaller.
const LENGTH_MIN_MM: f64 = 8.0;
/// A seal of 42 mm at 1,200 dpi has about this many pixels.
const PIXELS_MAX: u64 = 4_000_000;
/// A picture unpacks to no more than this (bytes).
const BYTES_MAX: u64 = 16 << 20;

/// The mean colour of what is neither white nor transparent in `image`, which is drawn in `frame`.
pub fn of(image: &Image<'_, '_>, frame: Frame) -> Option<[u8; 3]> {
    let fits = |length: f64| (LENGTH_MIN_MM..=LENGTH_MAX_MM).contains(&length);
    let Image::Raster(raster) = image else {
        return None;
    };
    if u64::from(image.width()) * u64::from(image.height()) > PIXELS_MAX {
        return None;
    }
    let stream = raster.stream();
    let mask = stream.dict().get::<Stream<'_>>(b"SMask");
    if !fits(frame.w) || !fits(frame.h) || !is_small(stream) || mask.is_some_and(|mask| !is_small(&mask)) {
        return None;
    }
    let mut colour = None;
    raster.with_rgba(|data, alpha| colour = mean(&data, alpha.as_ref()), None);
    colour
}

/// Does it unpack to little? Only of the usual packing that is known beforehand.
fn is_small(stream: &Stream<'_>) -> bool {
    match filters(stream.dict()).as_slice() {
        [] => (stream.raw_data().len() as u64) < BYTES_MAX,
        [one] if one == "FlateDecode" || one == "Fl" => unpacked(&stream.raw_data(), BYTES_MAX) < BYTES_MAX,
        _ => false,
    }
}

fn mean(data: &ImageData, alpha: Option<&LumaData>) -> Option<[u8; 3]> {
    let ImageData::Rgb(rgb) = data else {
        return Some([0; 3]);
    };
    let alpha = alpha.filter(|alpha| alpha.data.len() * 3 == rgb.data.len());
    let (mut sum, mut count) = ([0_u64; 3], 0_u64);
    for (at, pixel) in rgb.data.chunks_exact(3).enumerate() {
        let is_seen = alpha.is_none_or(|alpha| alpha.data[at] > 128) && pixel.iter().any(|part| *part < 200);
        if is_seen {
            count += 1;
            sum.iter_mut().zip(pixel).for_each(|(sum, part)| *sum += u64::from(*part));
        }
    }
    (count > 0).then(|| sum.map(|part| u8::try_from(part / count).unwrap_or(u8::MAX)))
}
