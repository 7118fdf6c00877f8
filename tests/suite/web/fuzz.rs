//! The API against a program that reads its description and sends whatever fits it, and whatever does not.

use std::collections::BTreeMap;

use serde_json::Value;

use super::api::{made, office, program};
use crate::support::site::{Site, log_of};

/// Examples for each operation.
const EXAMPLES: &str = "20";
/// Time for all of them.
const SECONDS_MAX: &str = "150";

#[test]
fn schemathesis_finds_no_answer_of_500_or_above() {
    let office = office(
        "\n[service]\napi_changes_per_minute = 1000000\napi_questions_per_minute = 1000000\n[registers.di]\nkind = \"van-ban-di\"\n[schedules.s]\ncron = \"0 8 1 1 *\"\ntemplate = \"giay-khen\"\nsource = { file = \"k/*.csv\" }\n",
    );
    let site = Site::start(&office);
    let mut maker = program(&office, &site, "read,make", None);
    made(&mut maker, &["Nguyễn Thị Đào"]);
    let key = program(&office, &site, "read,make,approve,send,number,schedule,configure,administer", None).extra;
    let program = std::env::var("VANTHU_TEST_SCHEMATHESIS").expect("tests/run sets VANTHU_TEST_SCHEMATHESIS");
    let output = std::process::Command::new(&program)
        .args(["run", &format!("http://{}/api/v1/openapi.json", site.address)])
        .args(["--header", key.trim(), "--checks", "not_a_server_error", "--seed", "1", "--workers", "2", "--no-color"])
        .args(["--phases", "examples,coverage,fuzzing", "--max-examples", EXAMPLES, "--max-time", SECONDS_MAX])
        .args(["--request-timeout", "30", "--suppress-health-check", "all", "--generation-database", "none", "--warnings", "off"])
        // It would follow a batch until its end.
        .args(["--exclude-operation-id", "watchBatch"])
        .args(["--report", "har", "--report-har-path", "cau-hoi.har"])
        .current_dir(&office.path)
        .output()
        .unwrap_or_else(|error| panic!("{} (tests/run installs it): {error}", program));
    let said = String::from_utf8_lossy(&output.stdout);
    // What a limit turned away has tested nothing but the limit.
    let har: Value = serde_json::from_slice(&office.read("cau-hoi.har")).expect("a report");
    let mut answers: BTreeMap<u64, usize> = BTreeMap::new();
    for entry in har["log"]["entries"].as_array().expect("entries") {
        *answers.entry(entry["response"]["status"].as_u64().unwrap_or_default()).or_default() += 1;
    }
    let (all, turned_away) = (answers.values().sum::<usize>(), answers.get(&429).copied().unwrap_or_default());
    assert!(all > 1_000 && turned_away * 5 <= all, "{answers:?}");
    assert!(output.status.success(), "{said}\n{}\n{}", String::from_utf8_lossy(&output.stderr), log_of(&office));
}
