//! The layers of ARCHITECTURE.md, held against the `use crate::` lines.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Modules by layer: a file uses its own layer and those before it.
const LAYERS: [&[&str]; 5] = [
    &["language", "diagnostic", "vietnamese", "naming", "identifier", "lifecycle", "failpoint", "schedule", "delivery"],
    &["template", "typeset", "lint", "qr", "message", "access", "proof"],
    &["config", "catalog", "data", "spreadsheet", "intake", "storage", "store", "source", "mail", "render_pool", "metrics"],
    &["batch", "sender", "scheduler", "notifier"],
    &["app", "cli", "server"],
];

#[test]
fn every_module_has_a_layer_and_uses_none_after_it() {
    let layer_of: BTreeMap<&str, usize> =
        LAYERS.iter().enumerate().flat_map(|(layer, modules)| modules.iter().map(move |module| (*module, layer))).collect();
    for (module, file, text) in sources() {
        let own = *layer_of.get(module.as_str()).unwrap_or_else(|| panic!("{module} has no layer: say where it belongs"));
        for used in
            text.split("crate::").skip(1).map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default())
        {
            if let Some(layer) = layer_of.get(used) {
                assert!(*layer <= own, "{} (layer {own}) uses {used} (layer {layer})", file.display());
            }
        }
    }
}

#[test]
fn values_and_engine_touch_no_disk_no_clock_and_no_environment() {
    for (module, file, text) in sources() {
        if LAYERS[0].contains(&module.as_str()) || LAYERS[1].contains(&module.as_str()) {
            for forbidden in ["std::fs", "std::env", "std::net", "SystemTime", "Timestamp::now", "Zoned::now", "tokio"] {
                assert!(!text.contains(forbidden), "{} uses {forbidden}", file.display());
            }
        }
    }
}

#[test]
fn only_config_and_the_edge_read_the_environment() {
    for (module, file, text) in sources() {
        if !["config", "cli", "catalog"].contains(&module.as_str()) {
            assert!(!text.contains("std::env::var"), "{}", file.display());
        }
    }
}

#[test]
fn sql_stands_under_the_store_and_in_the_source_that_asks_others_databases() {
    for (module, file, text) in sources() {
        if !["store", "source"].contains(&module.as_str()) {
            assert!(!text.contains("sqlx"), "{} speaks SQL", file.display());
        }
    }
}

#[test]
fn every_file_opens_with_what_it_owns_and_stays_short() {
    for (_, file, text) in sources() {
        assert!(text.starts_with("//!"), "{} does not say what it owns", file.display());
        let lines = text.lines().count();
        assert!(lines <= 500, "{} has {lines} lines: which noun is hiding?", file.display());
    }
}

#[test]
fn architecture_md_names_every_module() {
    let map = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    for module in LAYERS.iter().copied().flatten() {
        assert!(map.contains(&format!("`{module}`")), "ARCHITECTURE.md does not name `{module}`");
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Top-level module, path and text of every source file but the roots.
fn sources() -> Vec<(String, PathBuf, String)> {
    let mut found = Vec::new();
    let mut waiting = vec![root().join("src")];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(folder).expect("a folder").flatten() {
            let path = entry.path();
            if path.is_dir() {
                waiting.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let relative = path.strip_prefix(root().join("src")).expect("below src");
                let module =
                    relative.components().next().expect("a module").as_os_str().to_string_lossy().trim_end_matches(".rs").to_owned();
                if module != "lib" && module != "main" {
                    let text = fs::read_to_string(&path).expect("a source file");
                    found.push((module, path, text));
                }
            }
        }
    }
    assert!(found.len() > 40);
    found
}
