//! Vietnamese text as official documents need it: letters, syllables, tones,
//! figures and their words, dates, money, people's names, names of
//! administrative units, document types, and the encodings used before Unicode.
//!
//! Every function is pure: no I/O, no clock, no environment, no global setting.
//! The module uses nothing of the rest of the program and could be a crate of
//! its own; its only dependencies are `jiff` (the civil date type),
//! `unicode-normalization`, `icu_collator` with `icu_locale_core`, and
//! `encoding_rs`. What an organisation may choose (linh or lẻ, hòa or hoà, the
//! order of tones) is an argument, never a constant.
//!
//! "Decree 30" below is Nghị định 30/2020/NĐ-CP; "annex" is one of its
//! phụ lục. Text is expected in NFC unless a function says otherwise: pass what
//! comes from outside through [`normalise::clean`] first — and, before that,
//! through [`legacy::detect()`], because cleaning removes the soft hyphen that
//! *is* the letter ư in TCVN3.
//!
//! In reading order:
//!
//! - [`letters`]: the 134 accented letters, case, folding, letters of a điểm;
//! - [`tone`]: the six tones and where the mark is written;
//! - [`syllable`]: is this a possible Vietnamese syllable;
//! - [`normalise`]: text from outside made clean, with notes on what was wrong;
//! - [`legacy`]: TCVN3, VNI, VISCII, VPS, Windows-1258, broken UTF-8;
//! - [`number`], [`money`], [`date`]: figures, words, and what clerks type;
//! - [`name`], [`mod@unit`], [`type_code`], [`capitals`]: people, places, documents
//!   and Decree 30's rules on capital letters.

pub mod capitals;
pub mod date;
pub mod legacy;
pub mod letters;
pub mod money;
pub mod name;
pub mod normalise;
pub mod number;
pub mod syllable;
pub mod tone;
pub mod type_code;
pub mod unit;
