//! Templates: `/mau`. What there is, the words with a live preview, versions with publishing and going back.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use crate::access::Right;
use crate::app::AppError;
use crate::app::templates::Words;
use crate::say;
use crate::server::caller::Caller;
use crate::server::fault::Fault;
use crate::server::page::{Page, problems, to};
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;
use crate::store::StoreError;
use crate::template::contract::{Contract, Kind};
use crate::template::function_help;

const RULE: Rule = Rule::Needs(Right::Configure);
/// Fineness of the preview: a page as wide as half a screen.
const PIXELS_PER_INCH: f64 = 96.0;
/// Pages of the preview.
const PAGES_MAX: usize = 2;
/// Previews set at a time; more wait a little, then are asked to come again.
static TRYING: Semaphore = Semaphore::const_new(1);
const TRYING_MAX: std::time::Duration = std::time::Duration::from_secs(10);
/// What stands before a wording's name in the form.
const FIELD_PREFIX: &str = "w.";

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/mau", RULE, list),
        Route::get("/mau/{name}", RULE, show),
        Route::post("/mau/{name}", RULE, save).body(1 << 20),
        Route::post("/mau/{name}/xem-thu", RULE, try_words).body(1 << 20),
        Route::post("/mau/{name}/quay-lai", RULE, roll_back),
    ]
}

async fn list(State(site): State<Arc<Site>>) -> Page {
    // Books of registers and the calibration sheet have no picture: nobody chooses them.
    let choices = site.app.template_choices();
    let templates: Value = site
        .app
        .catalog()
        .entries()
        .into_iter()
        .map(|entry| match site.app.template(&entry.name) {
            Ok(template) => json!({
                "name": entry.name, "own": entry.from_workspace, "title": template.manifest.title, "description": template.manifest.description,
                "broken": false, "chosen": choices.iter().any(|choice| choice.name == entry.name),
            }),
            Err(_) => json!({
                "name": entry.name, "own": true, "title": entry.name, "broken": true, "chosen": false,
                "description": say!("Mẫu đang có lỗi; mở để xem.", "The template has faults; open it to see them."),
            }),
        })
        .collect();
    Page::of("templates/list", json!({ "templates": templates }))
}

fn known(site: &Site, name: &str) -> Result<(), Fault> {
    if site.app.catalog().entries().iter().any(|entry| entry.name == name) { Ok(()) } else { Err(Fault::not_found()) }
}

/// The fields that wordings may name.
fn fields(contract: &Contract) -> Value {
    contract
        .fields
        .iter()
        .map(|field| {
            let columns: Vec<Value> = match &field.kind {
                Kind::Table(columns) => columns
                    .iter()
                    .map(|column| {
                        let insert = format!("noi {} truong=\"{}\"", field.name, column.name);
                        json!({ "name": column.name, "title": column.title, "insert": insert })
                    })
                    .collect(),
                _ => Vec::new(),
            };
            // A table or list as a whole has no text of its own: its rows are joined, or counted.
            let insert = match field.kind {
                Kind::Table(_) => format!("dem {}", field.name),
                Kind::List => format!("noi {}", field.name),
                _ => field.name.clone(),
            };
            json!({ "insert": insert, "name": field.name, "title": field.title, "note": field.description, "columns": columns })
        })
        .collect()
}

/// The editor; `typed` is what somebody has written and not yet published, `below` when the draft that it stands on was written.
async fn editor(
    site: &Site,
    name: &str,
    words: &Words,
    below: Option<i64>,
    typed: &BTreeMap<String, String>,
    tried: Value,
) -> Result<Page, Fault> {
    let template = site.app.template(name);
    let (title, contract) = match &template {
        Ok(template) => (json!(template.manifest.title), fields(&template.contract)),
        Err(_) => (json!(name), json!([])),
    };
    let versions = site.app.template_versions(&site.office, name).await?;
    let used = words.own.as_deref().unwrap_or("[words]\n");
    let mut seen = false;
    let history: Value = versions
        .iter()
        .map(|version| {
            // The newest of equal ones.
            let is_used = !seen && version.words == used;
            seen |= is_used;
            json!({
                "version": version.version, "note": version.note, "actor": version.actor, "at": version.created_at, "used": is_used,
            })
        })
        .collect();
    let draft = site.app.template_draft(&site.office, name).await?;
    let wordings: Value = words
        .wordings
        .iter()
        .map(|wording| {
            let text = typed.get(&wording.name).unwrap_or(&wording.text);
            let rows = text.lines().map(|line| line.chars().count() / 60 + 1).sum::<usize>().clamp(1, 14);
            json!({
                "name": wording.name, "text": text, "note": wording.note, "built_in": wording.built_in, "rows": rows,
                "changed": text != &wording.text,
            })
        })
        .collect();
    let page = Page::of(
        "templates/words",
        json!({
            "name": name, "title": title, "digest": words.digest, "wordings": wordings, "fields": contract,
            "functions": function_help::all().collect::<Vec<_>>(), "versions": history, "tried": tried,
            "seen": below, "draft": draft.map(|(draft, _)| json!({ "actor": draft.actor, "at": draft.changed_at })),
        }),
    );
    Ok(match template {
        Ok(_) => page,
        Err(faults) => match faults {
            AppError::Input(faults) => page.problems(faults),
            _ => page,
        },
    })
}

async fn show(State(site): State<Arc<Site>>, _: Caller, Path(name): Path<String>) -> Result<Page, Fault> {
    known(&site, &name)?;
    let words = site.app.words_of(&name)?;
    let (seen, typed) = site.app.template_draft(&site.office, &name).await?.map(|(draft, words)| (draft.changed_at, words)).unzip();
    editor(&site, &name, &words, seen, &typed.unwrap_or_default(), Value::Null).await
}

type Form = axum::Form<Vec<(String, String)>>;

/// The wordings and the other fields of the form.
fn read(form: Vec<(String, String)>) -> (BTreeMap<String, String>, BTreeMap<String, String>) {
    let (words, others): (Vec<_>, Vec<_>) = form.into_iter().partition(|(name, _)| name.starts_with(FIELD_PREFIX));
    (words.into_iter().map(|(name, text)| (name[FIELD_PREFIX.len()..].to_owned(), text)).collect(), others.into_iter().collect())
}

async fn save(State(site): State<Arc<Site>>, caller: Caller, Path(name): Path<String>, axum::Form(form): Form) -> Result<Response, Fault> {
    known(&site, &name)?;
    let (typed, others) = read(form);
    let other = |key: &str| others.get(key).map_or("", String::as_str);
    let seen = other("nhap").parse().ok();
    match other("viec") {
        "nhap" => {
            keep(&site, &caller, &name, seen, Some(&typed)).await?;
            Ok(to(&format!("/mau/{name}?xong=luu")).into_response())
        }
        "bo" => {
            keep(&site, &caller, &name, seen, None).await?;
            Ok(to(&format!("/mau/{name}?xong=xoa")).into_response())
        }
        // Without scripts, the preview comes with the page.
        "thu" => {
            let words = Words { digest: other("digest").to_owned(), ..site.app.words_of(&name)? };
            let (tried, faults) = match pictures(&site, &caller, &name, &words, &typed).await {
                Ok(pictures) => (json!(pictures), Vec::new()),
                Err(fault) => (Value::Null, fault.diagnostics),
            };
            Ok(editor(&site, &name, &words, seen, &typed, tried).await?.problems(faults).into_response())
        }
        _ => {
            // A form that comes back still says what it was made with.
            let words = Words { digest: other("digest").to_owned(), ..site.app.words_of(&name)? };
            let text = site.app.written_words(&name, &words, &typed)?;
            match site.app.publish_words(&site.office, &name, other("digest"), &text, seen, other("note"), &caller.principal).await {
                Ok(true) => Ok(to(&format!("/mau/{name}?xong=cong-bo")).into_response()),
                Ok(false) => Err(stale()),
                Err(AppError::Input(faults)) => {
                    Ok(editor(&site, &name, &words, seen, &typed, Value::Null).await?.problems(faults).into_response())
                }
                Err(error) => Err(error.into()),
            }
        }
    }
}

fn stale() -> Fault {
    Fault::conflict(say!(
        "lời văn của mẫu vừa được người khác công bố hoặc sửa; mở lại trang này rồi sửa tiếp",
        "somebody else has just published or changed these words; open this page again"
    ))
}

/// Keeps or drops the draft that the form was made with.
async fn keep(site: &Site, caller: &Caller, name: &str, seen: Option<i64>, words: Option<&BTreeMap<String, String>>) -> Result<(), Fault> {
    let kept = site.app.keep_template_draft(&site.office, name, seen, words, &caller.principal).await;
    kept.map_err(|error| if matches!(error, AppError::Store(StoreError::Stale { .. })) { stale_draft() } else { error.into() })
}

fn stale_draft() -> Fault {
    Fault::conflict(say!(
        "bản nháp của mẫu vừa được người khác lưu hoặc bỏ; chép lại phần đang gõ, mở lại trang này rồi sửa tiếp",
        "somebody else has just kept or dropped the draft of this template; copy what you typed and open this page again"
    ))
}

/// The first pages of the sample with what was typed, as addresses that hold the picture.
async fn pictures(site: &Site, caller: &Caller, name: &str, words: &Words, typed: &BTreeMap<String, String>) -> Result<Vec<String>, Fault> {
    let _turn = tokio::time::timeout(TRYING_MAX, TRYING.acquire()).await.map_err(|_| Fault::too_many(3_000))?;
    let text = site.app.written_words(name, words, typed)?;
    let made = site.app.try_words(name, &text, caller.principal.organisation.as_deref(), PIXELS_PER_INCH).await?;
    let pages = made.into_iter().flat_map(|(_, typeset)| typeset.images).take(PAGES_MAX);
    Ok(pages.map(|image| format!("data:image/png;base64,{}", STANDARD.encode(image))).collect())
}

async fn try_words(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(name): Path<String>,
    axum::Form(form): Form,
) -> Result<axum::Json<Value>, Fault> {
    known(&site, &name)?;
    let (typed, _) = read(form);
    let words = site.app.words_of(&name)?;
    Ok(axum::Json(match pictures(&site, &caller, &name, &words, &typed).await {
        Ok(pictures) => json!({ "pictures": pictures, "problems": [] }),
        Err(fault) if fault.diagnostics.is_empty() => return Err(fault),
        Err(fault) => json!({ "pictures": [], "problems": problems(&fault.diagnostics, caller.language) }),
    }))
}

#[derive(serde::Deserialize)]
struct Back {
    #[serde(default)]
    version: i64,
    #[serde(default)]
    digest: String,
}

async fn roll_back(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(name): Path<String>,
    axum::Form(back): axum::Form<Back>,
) -> Result<Response, Fault> {
    known(&site, &name)?;
    match site.app.roll_back_words(&site.office, &name, &back.digest, back.version, &caller.principal).await? {
        true => Ok(to(&format!("/mau/{name}?xong=cong-bo")).into_response()),
        false => Err(stale()),
    }
}
