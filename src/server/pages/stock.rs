//! Pre-printed stock: `/don-vi/phoi/{name}`. Its size, what it carries, where each field stands, with a picture of that.
//!
//! Owns the forms and the picture; a wrong value is told at its field, and what was typed stays.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::organisation::{millimetres, stale};
use crate::access::Right;
use crate::app::AppError;
use crate::app::stock::SheetForm;
use crate::config::stock::{ALIGNMENTS, FIELDS, PREPRINTED, Stock, StockField, TEXT_STYLES};
use crate::diagnostic::Diagnostic;
use crate::language::{Language, Text};
use crate::say;
use crate::server::caller::Caller;
use crate::server::fault::Fault;
use crate::server::page::{Page, to};
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;

const RULE: Rule = Rule::Needs(Right::Configure);
/// Height of a box whose own is the template's, in the picture.
const HEIGHT_SHOWN: f64 = 9.0;
/// What the picture leaves between the edge and the frame.
const FRAME_SHOWN: f64 = 6.0;
/// Before the name of a part in the form.
const PART: &str = "da-in-";

type Fields = BTreeMap<String, String>;
/// What is wrong, by the input that it concerns; the empty name stands for the form.
type Wrong = BTreeMap<&'static str, Vec<Diagnostic>>;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/don-vi/phoi-moi", RULE, fresh),
        Route::post("/don-vi/phoi-moi", RULE, create),
        Route::get("/don-vi/phoi/{name}", RULE, show),
        Route::post("/don-vi/phoi/{name}", RULE, save),
        Route::post("/don-vi/phoi/{name}/xoa", RULE, remove),
        Route::post("/don-vi/phoi/{name}/truong", RULE, save_field),
        Route::post("/don-vi/phoi/{name}/truong/xoa", RULE, remove_field),
    ]
}

fn part_called(name: &str) -> Text {
    match name {
        "khung" => say!("khung hoa văn", "the frame"),
        "bieu_trung" => say!("biểu trưng", "the emblem"),
        "quoc_hieu" => say!("Quốc hiệu, Tiêu ngữ", "the national name and motto"),
        "co_quan" => say!("tên cơ quan", "the issuing body"),
        "tieu_de" => say!("tiêu đề", "the title"),
        _ => say!("{name}", "{name}"),
    }
}

fn field_called(name: &str) -> Text {
    match name {
        "bieu_trung" => say!("Biểu trưng", "Emblem"),
        "quoc_hieu" => say!("Quốc hiệu, Tiêu ngữ", "National name and motto"),
        "co_quan" => say!("Tên cơ quan", "Issuing body"),
        "tang" => say!("Dòng “Tặng”", "The line “awards”"),
        "tieu_de" => say!("Tiêu đề", "Title"),
        "kinh_tang" => say!("Dòng “Kính tặng”", "Dedication"),
        "ho_ten" => say!("Họ và tên", "Name"),
        "noi_cong_tac" => say!("Nơi công tác", "Place of work"),
        "dat_danh_hieu" => say!("Danh hiệu", "Honour"),
        "thanh_tich" => say!("Thành tích", "Achievement"),
        "dia_danh_thoi_gian" => say!("Địa danh, thời gian", "Place and date"),
        "quyen_han" => say!("Quyền hạn người ký", "Authority"),
        "chu_ky" => say!("Chữ ký", "Signature"),
        "nguoi_ky" => say!("Họ tên người ký", "Signatory"),
        "qr" => say!("Mã QR", "QR code"),
        "quyet_dinh" => say!("Số quyết định", "Decision"),
        "vao_so" => say!("Số vào sổ", "Number in the register"),
        "qr_chu" => say!("Chữ cạnh mã QR", "Words beside the QR code"),
        "ghi_chu" => say!("Ghi chú", "Note"),
        _ => say!("{name}", "{name}"),
    }
}

const NUMBERS: [&str; 6] = ["x", "y", "width", "height", "size", "min_size"];

fn input_called(name: &str) -> Text {
    match name {
        "x" => say!("Cách mép trái (mm)", "From the left (mm)"),
        "y" => say!("Cách mép trên (mm)", "From the top (mm)"),
        "width" => say!("Rộng (mm)", "Width (mm)"),
        "height" => say!("Cao (mm)", "Height (mm)"),
        "size" => say!("Cỡ chữ (pt)", "Size (pt)"),
        "min_size" => say!("Cỡ nhỏ nhất (pt)", "Smallest size (pt)"),
        "font" => say!("Phông chữ", "Font"),
        _ => say!("Màu (#rrggbb)", "Colour (#rrggbb)"),
    }
}

fn word_called(word: &str) -> Text {
    match word {
        "left" => say!("trái", "left"),
        "center" => say!("giữa", "centre"),
        "right" => say!("phải", "right"),
        "regular" => say!("thường", "regular"),
        "bold" => say!("đậm", "bold"),
        "italic" => say!("nghiêng", "italic"),
        _ => say!("đậm nghiêng", "bold italic"),
    }
}

/// A number as people write it here.
fn written(number: Option<f64>) -> String {
    number.map(|number| number.to_string().replace('.', ",")).unwrap_or_default()
}

/// The inputs of a field as they stand in the configuration.
fn inputs_of(field: &StockField) -> Fields {
    let numbers = [field.x, field.y, field.width, field.height, field.size, field.min_size];
    let texts = [("font", &field.font), ("colour", &field.colour), ("align", &field.align), ("style", &field.style)];
    let mut inputs: Fields = NUMBERS.iter().zip(numbers).map(|(name, number)| ((*name).to_owned(), written(number))).collect();
    inputs.extend(texts.into_iter().map(|(name, text)| (name.to_owned(), text.clone().unwrap_or_default())));
    if field.visible != Some(false) {
        inputs.insert("visible".to_owned(), "1".to_owned());
    }
    inputs
}

fn why(wrong: &Wrong, input: &str, language: Language) -> Value {
    let sentence = |one: &Diagnostic| {
        let remedy = one.remedy.as_ref().map(|remedy| format!("; {}", remedy.in_language(language))).unwrap_or_default();
        format!("{}{remedy}", one.message.in_language(language))
    };
    wrong.get(input).map(|found| found.iter().map(sentence).collect::<Vec<_>>().join(". ")).into()
}

fn field_form(name: &str, inputs: &Fields, wrong: &Wrong, open: bool, language: Language) -> Value {
    let text = |input: &str| inputs.get(input).cloned().unwrap_or_default();
    let input = |input: &str| {
        let is_number = NUMBERS.contains(&input);
        json!({ "name": input, "called": input_called(input), "value": text(input), "why": why(wrong, input, language), "number": is_number })
    };
    let choice = |input: &str, words: &[(&str, &str)]| {
        let of = |word: &str| json!({ "value": word, "called": word_called(word), "chosen": text(input) == word });
        words.iter().map(|(word, _)| of(word)).collect::<Vec<_>>()
    };
    json!({
        "name": name, "called": field_called(name), "open": open, "visible": inputs.contains_key("visible"),
        "inputs": NUMBERS.iter().chain(&["font", "colour"]).map(|own| input(own)).collect::<Vec<_>>(),
        "align": choice("align", &ALIGNMENTS), "style": choice("style", &TEXT_STYLES),
    })
}

/// The form of a stock as it stands or as it was sent, and of one of its fields as it was sent.
struct Sent<'a> {
    sheet: Option<&'a Fields>,
    field: Option<(&'a str, &'a Fields)>,
    wrong: Wrong,
    version: String,
}

impl Sent<'_> {
    fn nothing(site: &Site) -> Self {
        Self { sheet: None, field: None, wrong: Wrong::new(), version: site.app.configuration_version() }
    }
}

/// The boxes of the picture, in millimetres.
fn boxes(stock: &Stock) -> Vec<Value> {
    let of = |(name, field): (&String, &StockField)| {
        let (x, y) = (field.x?, field.y?);
        let (width, height) = (field.width.unwrap_or(stock.width_mm - x), field.height.unwrap_or(HEIGHT_SHOWN.min(stock.height_mm - y)));
        let hidden = field.visible == Some(false);
        Some(json!({
            "called": field_called(name), "x": x, "y": y, "width": width.max(0.0), "height": height.max(0.0),
            "text_x": x + 1.5, "text_y": y + 4.5, "hidden": hidden,
        }))
    };
    stock.fields.iter().filter_map(of).collect()
}

fn page(site: &Site, caller: &Caller, key: &str, sent: &Sent<'_>) -> Page {
    let config = site.app.configuration();
    let stock = config.stocks.get(key);
    let language = caller.language;
    let of_sheet = |input: &str, stands: String| sent.sheet.map_or(stands, |sheet| sheet.get(input).cloned().unwrap_or_default());
    let carries = |part: &str| match (sent.sheet, stock) {
        (Some(sheet), _) => sheet.contains_key(&format!("{PART}{part}")),
        (None, Some(stock)) => stock.preprinted.iter().any(|own| own == part),
        (None, None) => part == "khung",
    };
    let parts: Vec<Value> = PREPRINTED
        .iter()
        .map(|part| json!({ "input": format!("{PART}{part}"), "called": part_called(part), "chosen": carries(part) }))
        .collect();
    let on_sheet = if sent.field.is_none() { &sent.wrong } else { &Wrong::new() };
    let mut forms: Vec<Value> = Vec::new();
    for (name, field) in stock.iter().flat_map(|stock| &stock.fields) {
        forms.push(match sent.field {
            Some((own, inputs)) if own == name => field_form(name, inputs, &sent.wrong, true, language),
            _ => field_form(name, &inputs_of(field), &Wrong::new(), false, language),
        });
    }
    let unused: Vec<&str> = FIELDS.into_iter().filter(|name| stock.is_some_and(|stock| !stock.fields.contains_key(*name))).collect();
    // A field that could not be added stays in the form for a new one.
    let (added, inputs) = match sent.field {
        Some((name, inputs)) if unused.contains(&name) => (Some(name), inputs.clone()),
        _ => (None, Fields::from([("visible".to_owned(), "1".to_owned())])),
    };
    let new = field_form("", &inputs, if added.is_some() { &sent.wrong } else { on_sheet }, added.is_some(), language);
    let (width, height) = stock.map_or((297.0, 210.0), |stock| (stock.width_mm, stock.height_mm));
    Page::of(
        "organisation/stock",
        json!({
            "key": key, "fresh": stock.is_none(), "version": sent.version, "name": of_sheet("name", String::new()),
            "title": of_sheet("title", stock.map(|stock| stock.title.clone()).unwrap_or_default()),
            "width": of_sheet("width", millimetres(width)), "height": of_sheet("height", millimetres(height)),
            "name_why": why(on_sheet, "name", language), "width_why": why(on_sheet, "width", language), "height_why": why(on_sheet, "height", language),
            "parts": parts, "background": stock.and_then(|stock| stock.background.clone()), "fields": forms, "new": new,
            "unused": unused.iter().map(|name| json!({ "name": name, "called": field_called(name), "chosen": added == Some(*name) })).collect::<Value>(),
            "picture": {
                "width": width, "height": height, "framed": carries("khung"), "inset": FRAME_SHOWN,
                "inner_width": width - 2.0 * FRAME_SHOWN, "inner_height": height - 2.0 * FRAME_SHOWN,
                "boxes": stock.map(boxes).unwrap_or_default(),
            },
        }),
    )
    .problems(sent.wrong.get("").cloned().unwrap_or_default())
    .status(if sent.wrong.is_empty() { StatusCode::OK } else { StatusCode::UNPROCESSABLE_ENTITY })
}

async fn fresh(State(site): State<Arc<Site>>, caller: Caller) -> Page {
    page(&site, &caller, "", &Sent::nothing(&site))
}

async fn show(State(site): State<Arc<Site>>, caller: Caller, Path(key): Path<String>) -> Result<Page, Fault> {
    known(&site, &key)?;
    Ok(page(&site, &caller, &key, &Sent::nothing(&site)))
}

fn known(site: &Site, key: &str) -> Result<(), Fault> {
    if site.app.configuration().stocks.contains_key(key) { Ok(()) } else { Err(Fault::not_found()) }
}

fn text<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).map(|text| text.trim()).unwrap_or_default()
}

/// A number, or what is wrong with it.
fn number(fields: &Fields, name: &'static str, wrong: &mut Wrong) -> Option<f64> {
    let given = text(fields, name);
    if given.is_empty() {
        return None;
    }
    let number = given.replace(',', ".").parse::<f64>().ok().filter(|number| number.is_finite());
    if number.is_none() {
        let problem = Diagnostic::error("stock-number", say!("“{given}” không phải số", "“{given}” is not a number"));
        wrong.entry(name).or_default().push(problem.remedy(say!("ví dụ: 12,5", "for example 12.5")));
    }
    number
}

/// Puts what the configuration finds at the input that it concerns.
fn place(found: Vec<Diagnostic>, wrong: &mut Wrong) {
    for problem in found {
        let input = match problem.code.as_ref() {
            "config-key" => "name",
            "stock-size" => "width",
            "stock-field-outside" => "x",
            "stock-field-size" => "min_size",
            "stock-field-colour" => "colour",
            _ => "",
        };
        wrong.entry(input).or_default().push(problem);
    }
}

async fn create(State(site): State<Arc<Site>>, caller: Caller, Form(fields): Form<Fields>) -> Result<Response, Fault> {
    let key = text(&fields, "name").to_owned();
    if site.app.configuration().stocks.contains_key(&key) {
        let problem = Diagnostic::error("stock-known", say!("đã có phôi tên này", "there is a stock of this name")).with_value(&key);
        let wrong = Wrong::from([("name", vec![problem])]);
        let sent = Sent { sheet: Some(&fields), field: None, wrong, version: text(&fields, "version").to_owned() };
        return Ok(page(&site, &caller, "", &sent).into_response());
    }
    put(&site, &caller, &key, "", &fields).await
}

async fn save(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(key): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, Fault> {
    known(&site, &key)?;
    put(&site, &caller, &key, &key, &fields).await
}

/// Saves the sheet called `key`; when it is wrong, the page of `shown` comes back.
async fn put(site: &Site, caller: &Caller, key: &str, shown: &str, fields: &Fields) -> Result<Response, Fault> {
    let mut wrong = Wrong::new();
    let sides = ["width", "height"].map(|side| {
        let given = number(fields, side, &mut wrong);
        if given.is_none() && !wrong.contains_key(side) {
            wrong.entry(side).or_default().push(Diagnostic::error("stock-number", say!("chưa ghi", "is missing")));
        }
        given.unwrap_or_default()
    });
    let version = text(fields, "version").to_owned();
    if wrong.is_empty() {
        let preprinted = PREPRINTED.iter().filter(|part| fields.contains_key(&format!("{PART}{part}"))).map(|part| (*part).to_owned());
        let form = SheetForm {
            title: text(fields, "title").to_owned(),
            width_mm: sides[0],
            height_mm: sides[1],
            preprinted: preprinted.collect(),
        };
        match site.app.save_stock(&site.office, &version, key, &form, &caller.principal).await {
            Ok(true) => return Ok(to(&format!("/don-vi/phoi/{key}?xong=luu")).into_response()),
            Ok(false) => return Err(stale()),
            Err(AppError::Input(found)) => place(found, &mut wrong),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(page(site, caller, shown, &Sent { sheet: Some(fields), field: None, wrong, version }).into_response())
}

async fn save_field(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(key): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, Fault> {
    known(&site, &key)?;
    let name = text(&fields, "truong");
    if !FIELDS.contains(&name) {
        return Err(Fault::not_found());
    }
    let mut wrong = Wrong::new();
    let [x, y, width, height, size, min_size] = NUMBERS.map(|name| number(&fields, name, &mut wrong));
    let given = |name: &str| Some(text(&fields, name).to_owned()).filter(|text| !text.is_empty());
    let field = StockField {
        x,
        y,
        width,
        height,
        size,
        min_size,
        font: given("font"),
        colour: given("colour"),
        align: given("align"),
        style: given("style"),
        visible: (!fields.contains_key("visible")).then_some(false),
    };
    if let Some(font) = &field.font
        && let Some(problem) = site.app.font_problem(font)?
    {
        wrong.entry("font").or_default().push(problem);
    }
    let version = text(&fields, "version").to_owned();
    if wrong.is_empty() {
        match site.app.save_stock_field(&site.office, &version, &key, name, &field, &caller.principal).await {
            Ok(true) => return Ok(to(&format!("/don-vi/phoi/{key}?xong=luu")).into_response()),
            Ok(false) => return Err(stale()),
            Err(AppError::Input(found)) => place(found, &mut wrong),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(page(&site, &caller, &key, &Sent { sheet: None, field: Some((name, &fields)), wrong, version }).into_response())
}

async fn remove_field(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(key): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, Fault> {
    known(&site, &key)?;
    match site.app.remove_stock_field(&site.office, text(&fields, "version"), &key, text(&fields, "truong"), &caller.principal).await? {
        true => Ok(to(&format!("/don-vi/phoi/{key}?xong=xoa")).into_response()),
        false => Err(stale()),
    }
}

async fn remove(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(key): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, Fault> {
    known(&site, &key)?;
    match site.app.remove_stock(&site.office, text(&fields, "version"), &key, &caller.principal).await? {
        true => Ok(to("/don-vi?xong=xoa").into_response()),
        false => Err(stale()),
    }
}
