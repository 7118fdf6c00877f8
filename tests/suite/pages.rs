//! What pages look like: each template's first sample page, held against a kept picture.
//!
//! The pictures are small and compared with a tolerance: they catch a lost frame, a shifted column, a changed face. After a
//! change that is meant, look at the new pictures: `VANTHU_UPDATE_PAGES=1 tests/run pages`.

use std::path::{Path, PathBuf};

use crate::support::{Office, foreign, python};

/// Picture resolution: an A4 page is about 350 × 500 pixels.
const PIXELS_PER_INCH: &str = "43";
const PICTURE_BYTES_MAX: u64 = 64 * 1024;

/// Mean difference of grey levels (of 255) that is still the same page.
const COMPARE: &str = r#"
import sys
from PIL import Image, ImageChops, ImageFilter, ImageStat
kept, made = (Image.open(path).convert("L") for path in sys.argv[1:3])
if kept.size != made.size:
    print(f"size {kept.size} became {made.size}")
else:
    soft = ImageFilter.GaussianBlur(1)
    difference = ImageChops.difference(kept.filter(soft), made.filter(soft))
    mean, worst = ImageStat.Stat(difference).mean[0], difference.getextrema()[1]
    print("same" if mean < 0.6 and worst < 90 else f"mean {mean:.2f}, worst {worst}")
"#;

fn kept(template: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/pages/{template}.png"))
}

#[test]
fn every_template_looks_as_it_did() {
    let office = Office::with_workspace();
    let list: serde_json::Value = serde_json::from_str(&office.must(&["template", "list", "--json"]).stdout).expect("JSON");
    let mut changed = Vec::new();
    for template in list["templates"].as_array().expect("templates") {
        let name = template["name"].as_str().expect("a name");
        office.must(&["preview", name, "--out", name, "--ppi", "36"]);
        let pdf = office.path.join(name).join(office.documents(name).remove(0));
        let made = office.path.join(format!("{name}.png"));
        let stem = made.with_extension("");
        let picture = ["-r", PIXELS_PER_INCH, "-png", "-singlefile", "-f", "1", "-l", "1"];
        let arguments: Vec<&str> = picture.iter().copied().chain([pdf.to_str().expect("a path"), stem.to_str().expect("a path")]).collect();
        foreign("pdftoppm", &arguments);
        let kept = kept(name);
        if std::env::var_os("VANTHU_UPDATE_PAGES").is_some() {
            let save =
                "import sys\nfrom PIL import Image\nImage.open(sys.argv[1]).convert('RGB').quantize(64).save(sys.argv[2], optimize=True)";
            python(save, &[&made, &kept]);
        }
        assert!(kept.is_file(), "tests/pages/{name}.png is missing: VANTHU_UPDATE_PAGES=1 tests/run pages");
        assert!(std::fs::metadata(&kept).expect("a picture").len() <= PICTURE_BYTES_MAX, "{name}");
        let verdict = python(COMPARE, &[&kept, &made]);
        if verdict.trim() != "same" {
            let shown = std::env::temp_dir().join(format!("vanthu-changed-{name}.png"));
            std::fs::copy(&made, &shown).expect("a copy to look at");
            changed.push(format!("{name}: {} (see {})", verdict.trim(), shown.display()));
        }
    }
    assert!(changed.is_empty(), "{}", changed.join("\n"));
}
