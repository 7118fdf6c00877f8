//! Rules of cells 7c and 8: the pictures of the signature and of the seal (annex I, II.7d and II.8a).
//!
//! Only pictures are judged; ink on paper is not in the file.

use crate::language::Text;
use crate::say;

use super::{Facts, Places, Rule, rule};
use crate::lint::ink::Picture;

/// The seal covers the left third of the signature; a hand places it.
const THIRD: std::ops::RangeInclusive<f64> = 0.2..=0.5;

/// The rules, in reading order of the page.
pub const RULES: &[Rule] = &[
    rule(
        "signature-colour",
        "NĐ 30/2020, PL I, II.7d",
        "Hình ảnh chữ ký màu xanh",
        "The picture of the signature is blue",
        signature_colour,
    ),
    rule("seal-colour", "NĐ 30/2020, PL I, II.8a", "Hình ảnh dấu màu đỏ", "The picture of the seal is red", seal_colour),
    rule(
        "seal-place",
        "NĐ 30/2020, PL I, II.8a",
        "Hình ảnh dấu trùm lên khoảng 1/3 hình ảnh chữ ký về bên trái",
        "The picture of the seal covers about the left third of the signature",
        seal_place,
    ),
];

fn colour(picture: &Picture, fits: fn([i32; 3]) -> bool) -> Option<Text> {
    let [r, g, b] = picture.colour.filter(|colour| !fits(colour.map(i32::from)))?;
    let found = format!("#{r:02x}{g:02x}{b:02x}");
    Some(Text { vi: found.clone(), en: found })
}

fn signature_colour(facts: &Facts<'_>, places: &mut Places) {
    for mark in &facts.parts.marks {
        if let Some(picture) = &mark.signature
            && let Some(found) = colour(picture, |[r, _, b]| b > r + 25)
        {
            places.add(mark.area(picture), found, say!("màu xanh", "blue"));
        }
    }
}

fn seal_colour(facts: &Facts<'_>, places: &mut Places) {
    for mark in &facts.parts.marks {
        if let Some(picture) = &mark.seal
            && let Some(found) = colour(picture, |[r, g, b]| r > g + 60 && r > b + 60)
        {
            places.add(mark.area(picture), found, say!("màu đỏ", "red"));
        }
    }
}

fn seal_place(facts: &Facts<'_>, places: &mut Places) {
    for mark in &facts.parts.marks {
        let (Some(signature), Some(seal)) = (&mark.signature, &mark.seal) else {
            continue;
        };
        let (left, right) = (signature.frame.x, signature.frame.x + signature.frame.w);
        let covered = ((seal.frame.x + seal.frame.w).min(right) - left) / signature.frame.w;
        let meets = seal.frame.y < signature.frame.y + signature.frame.h && signature.frame.y < seal.frame.y + seal.frame.h;
        if !THIRD.contains(&covered) || seal.frame.x > left || !meets {
            let percent = (covered.clamp(0.0, 1.0) * 100.0).round();
            let found = if meets && seal.frame.x <= left {
                say!("trùm {percent}% chữ ký", "{percent}% of the signature covered")
            } else {
                say!("đặt sai chỗ", "elsewhere")
            };
            places.add(mark.area(seal), found, say!("1/3 chữ ký, về bên trái", "the left third of the signature"));
        }
    }
}
