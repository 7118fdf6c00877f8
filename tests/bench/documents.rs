//! What finding documents costs: pages and searches among 100,000, on a SQLite file.
//!
//! `cargo bench --bench documents` fills a store once and prints the slowest of twenty for each question.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a bench prints, and fails where it stands")]

use std::time::Instant;

use vanthu::store::batches::{NewBatch, NewRecord, Post};
use vanthu::store::documents::NewDocument;
use vanthu::store::records::End;
use vanthu::store::search::{DocumentFilter, Page};
use vanthu::store::{Location, Store};

const DOCUMENTS: u64 = 100_000;
const FAMILY: [&str; 10] = ["Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Phan", "Vũ", "Võ", "Đặng", "Bùi"];
const MIDDLE: [&str; 10] = ["Văn", "Thị", "Minh", "Hữu", "Quốc", "Thị Ngọc", "Thị Bích", "Đình", "Xuân", "Gia"];
const GIVEN: [&str; 10] = ["An", "Ánh", "Bình", "Châu", "Dũng", "Đạt", "Hà", "Hạnh", "Khánh", "Yến"];

async fn fill(store: &Store) {
    let batch = NewBatch {
        key: None,
        request_digest: "d".into(),
        request: "{}".into(),
        setting: "{}".into(),
        template: "giay-khen".into(),
        output: "o".into(),
        origin: "cli".into(),
        post: Post::None,
        owner: None,
        organisation: Some("hoi".into()),
    };
    let mut planning = store.plan(batch).await.unwrap().unwrap();
    for number in 1..=DOCUMENTS {
        let of = |list: [&'static str; 10], step: u64| list[(number / step % 10) as usize];
        let name = format!("{} {} {}", of(FAMILY, 1), of(MIDDLE, 10), of(GIVEN, 100));
        let record = NewRecord {
            number,
            title: format!("Giấy khen - {name}"),
            file: format!("{number}.pdf"),
            date: Some(format!("2026-{:02}-{:02}", number % 12 + 1, number % 28 + 1)),
            digest: number.to_string(),
            content: format!(r#"{{"du_lieu":{{"so":{number},"so_quyet_dinh":"12/QĐ-HKH","don_vi":"Chi hội {}"}}}}"#, number % 97),
            places: "{}".into(),
            label: name,
            ..NewRecord::default()
        };
        planning.add(record).await.unwrap();
    }
    let id = planning.id().to_owned();
    planning.accept("{}", 0, &[]).await.unwrap();
    loop {
        let claimed = store.claim(&id, "w", 2_000).await.unwrap();
        if claimed.is_empty() {
            return;
        }
        let mut ends = Vec::new();
        for record in claimed {
            let document = store.new_id().await.unwrap();
            let object = format!("{id}/{document}.pdf");
            let document = NewDocument { id: document, object, sha256: "00".into(), bytes: 1, pages: 1 };
            ends.push((record, End::Stored { document, reasons: "[]".into(), placed_in: None }));
        }
        store.end(ends).await.unwrap();
    }
}

fn main() {
    let folder = std::env::temp_dir().join(format!("vanthu-documents-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
        let store = Store::open(&Location::File(folder.join("van-thu.db"))).await.unwrap();
        let begun = Instant::now();
        fill(&store).await;
        println!("filled with {DOCUMENTS} documents in {:.1} s", begun.elapsed().as_secs_f64());
        let middle = store.find_documents(&DocumentFilter::default(), &Page::First, 50_000).await.unwrap().pop().unwrap().id;
        let words = |words: &str| DocumentFilter { words: words.into(), ..DocumentFilter::default() };
        let bound = DocumentFilter { organisation: Some("hoi".into()), ..words("chau nguyen") };
        let dated = DocumentFilter { from: Some("2026-03-01".into()), until: Some("2026-03-05".into()), ..DocumentFilter::default() };
        for (what, filter, page) in [
            ("first page", words(""), Page::First),
            ("page in the middle", words(""), Page::After(middle)),
            ("a frequent word", words("nguyen"), Page::First),
            ("three words", bound, Page::First),
            ("one document by its number", words("99998"), Page::First),
            ("nothing at all", words("khong co ai nhu the"), Page::First),
            ("by date", dated, Page::First),
        ] {
            let (mut slowest, mut found, mut count) = (0.0_f64, 0, 0);
            for _ in 0..20 {
                let begun = Instant::now();
                found = store.find_documents(&filter, &page, 51).await.unwrap().len();
                count = store.count_documents(&filter, 10_001).await.unwrap();
                slowest = slowest.max(begun.elapsed().as_secs_f64() * 1_000.0);
            }
            println!("{what:<28} {slowest:>7.1} ms  ({found} shown of {count})");
        }
        store.close().await;
    });
    std::fs::remove_dir_all(&folder).unwrap();
}
