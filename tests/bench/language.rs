//! What the language costs: numbers and dates in words, sort keys, syllables. Figures in millions a second on one core.

#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::hint::black_box;
use std::time::Instant;

use jiff::civil::date;
use vanthu::vietnamese::{date as dates, letters, name, normalise, number, syllable};

fn main() {
    let numbers: Vec<String> = (0..10_000u64).map(|n| (n * 7_919 * 104_729 % 10_000_000_000).to_string()).collect();
    let days: Vec<_> = (0..10_000).map(|n| date(2000, 1, 1) + jiff::Span::new().days(n)).collect();
    let names: Vec<String> = names();

    rate("numbers in words", &numbers, |text| number::in_words(text, number::Reading::default()));
    rate("grouped numbers", &numbers, |text| number::group(text));
    rate("dates, official form", &days, |day| dates::long(*day));
    rate("dates in words", &days, |day| dates::in_words(*day, false));
    rate("sort keys of names", &names, |text| name::SortKey::of_text(text, name::ToneOrder::Dictionary));
    rate("names folded for search", &names, |text| letters::fold(text));
    rate("clean text cleaned", &names, |text| normalise::clean(text));
    rate("syllables judged", &names, |text| text.split(' ').all(syllable::is_syllable));
}

fn names() -> Vec<String> {
    let family = ["Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi"];
    let middle = ["Văn", "Thị", "Minh", "Hữu", "Quốc", "Thị Ngọc", "Thị Bích", "Đình", "Xuân", "Gia"];
    let given = ["An", "Ánh", "Bình", "Châu", "Dũng", "Đạt", "Hà", "Hạnh", "Khánh", "Yến"];
    (0..1_000).map(|n| format!("{} {} {}", family[n % 10], middle[n / 10 % 10], given[n / 100])).collect()
}

fn rate<T, R>(what: &str, items: &[T], work: impl Fn(&T) -> R) {
    let rounds = 2_000_000 / items.len();
    let started = Instant::now();
    for _ in 0..rounds {
        for item in items {
            black_box(work(black_box(item)));
        }
    }
    let rate = (rounds * items.len()) as f64 / started.elapsed().as_secs_f64() / 1e6;
    println!("{what:<28} {rate:>8.2} million/s   target ≥ 1");
}
