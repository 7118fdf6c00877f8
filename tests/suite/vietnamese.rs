//! Vietnamese text: figures and words, dates, names and their order, cleaning,
//! old encodings. Tables of expected values come from the rules of Decree 30 and
//! from foreign programs (glibc's iconv, ICU), never from our own output.

mod capitals;
mod dates;
mod figures;
mod legacy;
mod names;
mod text;
