//! The organisation: `/don-vi`. Profile and those who sign, with their pictures. Printers and mail are [`super::equipment`]'s.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use jiff::civil::Date;
use serde_json::{Value, json};

use crate::access::Right;
use crate::app::AppError;
use crate::app::configure::{Picture, Profile, SignatoryForm, seal_problem};
use crate::config::Organisation;
use crate::config::organisation::Signatory;
use crate::diagnostic::Diagnostic;
use crate::say;
use crate::server::caller::Caller;
use crate::server::fault::Fault;
use crate::server::form::Upload;
use crate::server::page::{Page, to};
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;

const RULE: Rule = Rule::Needs(Right::Configure);
/// Two pictures and some words.
const BODY: usize = 11 << 20;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/don-vi", RULE, overview),
        Route::get("/don-vi/{key}", RULE, show),
        Route::post("/don-vi/{key}", RULE, save).body(BODY),
        Route::get("/don-vi/{key}/hinh/{role}", RULE, picture),
        Route::get("/don-vi/{key}/nguoi-ky/{index}", RULE, show_signatory),
        Route::post("/don-vi/{key}/nguoi-ky/{index}", RULE, save_signatory).body(BODY),
        Route::post("/don-vi/{key}/nguoi-ky/{index}/len-dau", RULE, put_first),
        Route::post("/don-vi/{key}/nguoi-ky/{index}/xoa", RULE, remove),
    ]
}

/// The file changed while the form was open.
pub(super) fn stale() -> Fault {
    Fault::conflict(say!(
        "vanthu.toml vừa được sửa ở nơi khác; mở lại trang này rồi sửa tiếp",
        "vanthu.toml was changed elsewhere meanwhile; open this page again"
    ))
}

/// The organisation, when there is one and the caller sees it.
fn seen(site: &Site, caller: &Caller, key: &str) -> Result<Organisation, Fault> {
    let own = site.app.organisation(key).filter(|_| caller.principal.sees(Some(key)));
    own.ok_or_else(Fault::not_found)
}

async fn overview(State(site): State<Arc<Site>>, caller: Caller) -> Page {
    let config = site.app.configuration();
    let organisations: Value = config
        .organisations
        .iter()
        .filter(|(key, _)| caller.principal.sees(Some(key)))
        .map(|(key, own)| {
            json!({
                "key": key, "name": own.name, "place": own.place, "abbreviation": own.abbreviation,
                "is_default": config.organisation.as_ref() == Some(key), "signatories": own.signatories.len(),
            })
        })
        .collect();
    let stocks: Value = config
        .stocks
        .iter()
        .map(|(key, stock)| json!({ "key": key, "title": stock.title, "width": millimetres(stock.width_mm), "height": millimetres(stock.height_mm), "fields": stock.fields.len() }))
        .collect();
    let printers: Value = config
        .printers
        .iter()
        .map(|(key, printer)| json!({ "key": key, "x": millimetres(printer.offset_x_mm), "y": millimetres(printer.offset_y_mm) }))
        .collect();
    let relay = config.mail.relay.as_ref().and_then(|name| config.mail.relays.get(name).map(|relay| (name, relay)));
    Page::of(
        "organisation/overview",
        json!({
            "organisations": organisations, "stocks": stocks, "printers": printers,
            "mail": { "from": config.mail.from, "relay": relay.map(|(name, relay)| json!({ "name": name, "host": relay.host })) },
            "approval": config.approval.required, "version": site.app.configuration_version(),
        }),
    )
}

/// As people write millimetres here: a comma, one digit.
pub(super) fn millimetres(value: f64) -> String {
    format!("{value:.1}").replace('.', ",")
}

fn today() -> Date {
    let zone = jiff::tz::TimeZone::get(crate::schedule::recurrence::ZONE_DEFAULT).unwrap_or(jiff::tz::TimeZone::UTC);
    jiff::Timestamp::now().to_zoned(zone).date()
}

/// Where a term stands today: `now`, `before`, `after`.
fn term(signatory: &Signatory) -> &'static str {
    let today = today();
    match (signatory.from, signatory.until) {
        (Some(from), _) if today < from => "before",
        (_, Some(until)) if until < today => "after",
        _ => "now",
    }
}

fn day(date: Option<Date>) -> Option<String> {
    date.map(|date| date.strftime("%d/%m/%Y").to_string())
}

fn editor(site: &Site, own: &Organisation, profile: &Profile, version: &str) -> Page {
    let signatories: Value = own
        .signatories
        .iter()
        .enumerate()
        .map(|(index, signatory)| {
            json!({
                "index": index, "name": signatory.name, "authority": signatory.authority.join(", "), "first": index == 0,
                "signature": signatory.signature.is_some(), "seal": signatory.seal.is_some(), "term": term(signatory),
                "from": day(signatory.from), "until": day(signatory.until),
            })
        })
        .collect();
    let is_only = site.app.organisation_names().len() == 1;
    Page::of(
        "organisation/profile",
        json!({
            "key": own.key, "title": own.name, "version": version, "only": is_only, "signatories": signatories, "next": own.signatories.len(),
            "emblem": own.emblem.is_some(),
            "form": {
                "name": profile.name, "name_lines": profile.name_lines, "superior_lines": profile.superior_lines,
                "abbreviation": profile.abbreviation, "place": profile.place, "address": profile.address, "dang": profile.style == "dang",
            },
        }),
    )
}

async fn show(State(site): State<Arc<Site>>, caller: Caller, Path(key): Path<String>) -> Result<Page, Fault> {
    let own = seen(&site, &caller, &key)?;
    let profile = Profile {
        name: own.name.clone(),
        name_lines: own.name_lines.join("\n"),
        superior_lines: own.superior_lines.join("\n"),
        abbreviation: own.abbreviation.clone(),
        place: own.place.clone(),
        address: own.address.clone().unwrap_or_default(),
        style: own.style.clone().unwrap_or_default(),
    };
    Ok(editor(&site, &own, &profile, &site.app.configuration_version()))
}

/// What becomes of a picture: a new file, or the box that takes it away, or nothing.
fn chosen(form: &mut Upload, name: &str) -> Picture {
    match form.file(name) {
        Some((_, bytes)) => Picture::Bytes(bytes),
        None if form.has(&format!("{name}_bo")) => Picture::Remove,
        None => Picture::Keep,
    }
}

async fn save(State(site): State<Arc<Site>>, caller: Caller, Path(key): Path<String>, mut form: Upload) -> Result<Response, Fault> {
    let own = seen(&site, &caller, &key)?;
    let emblem = chosen(&mut form, "emblem");
    let text = |name: &str| form.text(name).to_owned();
    let profile = Profile {
        name: text("name"),
        name_lines: text("name_lines"),
        superior_lines: text("superior_lines"),
        abbreviation: text("abbreviation"),
        place: text("place"),
        address: text("address"),
        style: text("style"),
    };
    match site.app.save_profile(&site.office, form.text("version"), &key, &profile, &emblem, &caller.principal).await {
        Ok(true) => Ok(to(&format!("/don-vi/{key}?xong=luu")).into_response()),
        Ok(false) => Err(stale()),
        // What was typed stays in the form.
        Err(AppError::Input(problems)) => Ok(editor(&site, &own, &profile, form.text("version")).problems(problems).into_response()),
        Err(error) => Err(error.into()),
    }
}

async fn picture(State(site): State<Arc<Site>>, caller: Caller, Path((key, role)): Path<(String, String)>) -> Result<Response, Fault> {
    let own = seen(&site, &caller, &key)?;
    let of = |index: &str| index.parse::<usize>().ok().and_then(|index| own.signatories.get(index));
    let name = match role.split_once('.') {
        None if role == "bieu-trung" => own.emblem.clone(),
        Some(("chu-ky", index)) => of(index).and_then(|signatory| signatory.signature.clone()),
        Some(("con-dau", index)) => of(index).and_then(|signatory| signatory.seal.clone()),
        _ => None,
    };
    let (bytes, kind) = site.app.picture(&name.ok_or_else(Fault::not_found)?).map_err(|_| Fault::not_found())?;
    Ok(([(header::CONTENT_TYPE, kind), (header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'")], bytes)
        .into_response())
}

fn signatory_page(own: &Organisation, index: usize, form: &SignatoryForm, dates: (&str, &str), seal_mm: &str, version: &str) -> Page {
    let there = own.signatories.get(index);
    Page::of(
        "organisation/signatory",
        json!({
            "key": own.key, "organisation": own.name, "index": index, "there": there.is_some(), "version": version,
            "signature": there.is_some_and(|own| own.signature.is_some()), "seal": there.is_some_and(|own| own.seal.is_some()),
            "form": { "name": form.name, "authority": form.authority, "seal_mm": seal_mm, "from": dates.0, "until": dates.1 },
        }),
    )
}

async fn show_signatory(State(site): State<Arc<Site>>, caller: Caller, Path((key, index)): Path<(String, usize)>) -> Result<Page, Fault> {
    let own = seen(&site, &caller, &key)?;
    if index > own.signatories.len() {
        return Err(Fault::not_found());
    }
    let there = own.signatories.get(index).cloned().unwrap_or_default();
    let form = SignatoryForm { name: there.name.clone(), authority: there.authority.join("\n"), ..SignatoryForm::default() };
    let of = |date: Option<Date>| date.map(|date| date.to_string()).unwrap_or_default();
    let seal_mm = there.seal_mm.map(|side| side.to_string().replace('.', ",")).unwrap_or_default();
    Ok(signatory_page(&own, index, &form, (&of(there.from), &of(there.until)), &seal_mm, &site.app.configuration_version()))
}

async fn save_signatory(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((key, index)): Path<(String, usize)>,
    mut form: Upload,
) -> Result<Response, Fault> {
    let own = seen(&site, &caller, &key)?;
    if index > own.signatories.len() {
        return Err(Fault::not_found());
    }
    let (signature, seal) = (chosen(&mut form, "signature"), chosen(&mut form, "seal"));
    let mut problems = Vec::new();
    let mut date = |name: &str| -> Option<Date> {
        let text = form.text(name).trim();
        if text.is_empty() {
            return None;
        }
        let date = text.parse().ok();
        if date.is_none() {
            problems.push(Diagnostic::error("date", say!("không phải ngày", "is no date")).with_value(text));
        }
        date
    };
    let (from, until) = (date("from"), date("until"));
    let seal_text = form.text("seal_mm").trim().to_owned();
    let seal_mm = seal_text.replace(',', ".").parse::<f64>().ok();
    if seal_mm.is_none() && !seal_text.is_empty() {
        problems.push(seal_problem(&seal_text));
    }
    let given = SignatoryForm {
        authority: form.text("authority").to_owned(),
        name: form.text("name").to_owned(),
        seal_mm,
        from,
        until,
        signature,
        seal,
    };
    let again = |problems| {
        let page = signatory_page(&own, index, &given, (form.text("from"), form.text("until")), &seal_text, form.text("version"));
        Ok(page.problems(problems).into_response())
    };
    if !problems.is_empty() {
        return again(problems);
    }
    match site.app.save_signatory(&site.office, form.text("version"), &key, index, &given, &caller.principal).await {
        Ok(true) => Ok(to(&format!("/don-vi/{key}?xong=luu")).into_response()),
        Ok(false) => Err(stale()),
        Err(AppError::Input(problems)) => again(problems),
        Err(error) => Err(error.into()),
    }
}

#[derive(serde::Deserialize)]
struct Version {
    #[serde(default)]
    version: String,
}

async fn put_first(
    state: State<Arc<Site>>,
    caller: Caller,
    path: Path<(String, usize)>,
    form: axum::Form<Version>,
) -> Result<Response, Fault> {
    move_one(state, caller, path, form, true).await
}

async fn remove(
    state: State<Arc<Site>>,
    caller: Caller,
    path: Path<(String, usize)>,
    form: axum::Form<Version>,
) -> Result<Response, Fault> {
    move_one(state, caller, path, form, false).await
}

async fn move_one(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path((key, index)): Path<(String, usize)>,
    axum::Form(form): axum::Form<Version>,
    first: bool,
) -> Result<Response, Fault> {
    seen(&site, &caller, &key)?;
    match site.app.move_signatory(&site.office, &form.version, &key, index, first, &caller.principal).await? {
        true => Ok(to(&format!("/don-vi/{key}?xong={}", if first { "luu" } else { "xoa" })).into_response()),
        false => Err(stale()),
    }
}
