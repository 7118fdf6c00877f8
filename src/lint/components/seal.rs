//! Cells 7c and 8: the pictures of a signature and of the seal, between the signatory's post and name.
//!
//! Owns telling the two apart: a seal is as wide as high and of a seal's size, a signature is wider than high.

use crate::lint::ink::{Area, Page, Picture};

use super::end::{End, Signatory};

/// Seals of organisations are 36 mm wide, those of the highest bodies up to 42 mm; small ones 30 mm.
const SEAL_MM: std::ops::RangeInclusive<f64> = 24.0..=46.0;
/// Without a name below, the pictures stand at most this far under the post (mm).
const ROOM_MM: f64 = 50.0;

/// The pictures of one signatory.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mark {
    /// One-based page.
    pub page: usize,
    /// Cell 7c.
    pub signature: Option<Picture>,
    /// Cell 8.
    pub seal: Option<Picture>,
}

impl Mark {
    /// Where `picture` stands.
    pub fn area(&self, picture: &Picture) -> Area {
        let frame = picture.frame;
        Area { page: self.page, x_mm: frame.x, y_mm: frame.y, w_mm: frame.w, h_mm: frame.h }
    }
}

/// Finds the pictures of the signatories in `pages`, the main part.
pub fn find(pages: &[Page], end: &End) -> Vec<Mark> {
    end.signatories.iter().filter_map(|one| of(pages, one)).collect()
}

fn of(pages: &[Page], signatory: &Signatory) -> Option<Mark> {
    let post = signatory.chuc_vu.last()?;
    let page = pages.get(post.page.checked_sub(1)?)?;
    let to = signatory.ho_ten.as_ref().map_or(post.baseline + ROOM_MM, |name| name.baseline);
    let near = |picture: &&Picture| {
        let (x, y) = (picture.frame.x + picture.frame.w / 2.0, picture.frame.y + picture.frame.h / 2.0);
        y > post.baseline - 5.0 && y < to + 5.0 && (x - post.centre()).abs() < 60.0
    };
    let is_round = |picture: &Picture| (0.85..=1.18).contains(&(picture.frame.w / picture.frame.h)) && SEAL_MM.contains(&picture.frame.w);
    let (mut mark, mut found) = (Mark { page: post.page, ..Mark::default() }, false);
    for picture in page.images.iter().filter(near) {
        found = true;
        if is_round(picture) {
            mark.seal.get_or_insert(*picture);
        } else if picture.frame.w > 1.2 * picture.frame.h {
            mark.signature.get_or_insert(*picture);
        }
    }
    found.then_some(mark)
}
