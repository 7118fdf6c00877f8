//! The options of a draft: values that all documents share, order, stock, register, mail, the files beside the documents.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::{asker, head, stale};
use crate::app::drafts::Draft;
use crate::batch::request::MailRequest;
use crate::batch::{Order, Request};
use crate::language::Language;
use crate::message::letter::Attach;
use crate::server::caller::Caller;
use crate::server::fault::Fault;
use crate::server::page::{self, Page, to};
use crate::server::site::Site;
use crate::template::contract::{Field, Kind, Scope, Shape};

type Fields = BTreeMap<String, String>;

pub(super) async fn show(State(site): State<Arc<Site>>, caller: Caller, Path(id): Path<String>) -> Result<Page, Fault> {
    let draft = site.app.draft(&site.office, asker(&caller.principal), &id).await?;
    drawn(&site, &caller, &draft, &draft.request).await
}

/// Fields that the form asks for: those that all documents share and that one line of text can hold.
fn common_fields(fields: &[Field], shape: Shape) -> impl Iterator<Item = &Field> {
    fields
        .iter()
        .filter(move |field| field.scope == Scope::Common || shape == Shape::Form)
        .filter(|field| !matches!(field.kind, Kind::Table(_) | Kind::List))
}

async fn drawn(site: &Site, caller: &Caller, draft: &Draft, request: &Request) -> Result<Page, Fault> {
    let language = caller.language;
    let template = site.app.template(&draft.template)?;
    let shape = template.contract.shape();
    let found = draft.current_check().map(|check| check.diagnostics.as_slice()).unwrap_or_default();
    let named = |field: &Field| format!("“{}”", field.title);
    let given = site.app.given_values(&site.office, draft, &template.contract).await?;
    let fields: Vec<Value> = common_fields(&template.contract.fields, shape)
        .map(|field| {
            let value = request.common.get(&field.name);
            let text = value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).unwrap_or_default();
            let problems: Vec<_> = found
                .iter()
                .filter(|one| one.record.is_none() && one.is_error() && one.message.vi.contains(&named(field)))
                .cloned()
                .collect();
            let given = given.get(&field.name);
            // Known to be there: the check did not miss it, so that each row has its own.
            let in_rows = given.is_none() && text.is_empty() && problems.is_empty() && draft.current_check().is_some();
            json!({
                "name": field.name, "called": field.title, "description": field.description, "value": text, "given": given,
                "required": field.required && given.is_none() && !in_rows, "in_rows": field.required && in_rows,
                "date": field.kind == Kind::Date, "bad": !problems.is_empty(), "problems": page::problems(&problems, language),
                "example": field.examples.first().map(|example| example.as_str().map_or_else(|| example.to_string(), str::to_owned)),
            })
        })
        .collect();
    let options: Vec<Value> = template
        .manifest
        .options
        .iter()
        .map(|(name, option)| {
            let chosen = request.options.get(name).unwrap_or(&option.default);
            let values: Vec<Value> = option
                .values
                .iter()
                .map(|value| json!({ "value": value, "label": option.label(value), "chosen": value == chosen }))
                .collect();
            json!({ "name": name, "called": option.title.in_language(language), "values": values })
        })
        .collect();
    let offer = site.app.draft_offer(&draft.template, draft.organisation.as_deref());
    let chosen = |names: Vec<(String, String)>, own: Option<&str>| -> Vec<Value> {
        names.into_iter().map(|(key, title)| json!({ "chosen": own == Some(key.as_str()), "key": key, "called": title })).collect()
    };
    let mail = request.mail.as_ref();
    let register = request.register.clone().or(offer.register.clone());
    Ok(Page::of(
        "make/options",
        json!({
            "draft": head(&site.app, draft, 2, language), "fields": fields, "has_fields": !fields.is_empty(), "options": options,
            "is_list": shape == Shape::List, "can_order": offer.can_order, "by_name": request.order == Order::Name,
            "stocks": chosen(offer.stocks, request.stock.as_deref()), "printers": chosen(offer.printers, request.printer.as_deref()),
            "has_stock": template.manifest.stock, "overprint": request.overprint,
            "registers": chosen(offer.registers, register.as_deref().filter(|name| !name.is_empty())),
            "no_register": register.as_deref().is_none_or(str::is_empty), "can_number": offer.can_number,
            "has_mail": template.mail.is_some(), "mail": mail.is_some(), "mail_hold": mail.is_none_or(|mail| mail.hold),
            "mail_together": mail.is_some_and(|mail| mail.together), "can_link": offer.can_link,
            "mail_link": mail.and_then(|mail| mail.attach).map_or(offer.links, |attach| attach == Attach::Link),
            "relays": chosen(offer.relays, mail.and_then(|mail| mail.relay.as_deref()).or(offer.relay.as_deref())),
            "reach": reach(draft),
            "only_valid": request.only_valid, "merge": request.merge, "zip": request.zip, "fresh": *request == fresh(draft),
            "sheets": draft.request.sheet.clone(),
        }),
    ))
}

/// How many records have an address, have none, or have one that is none; null while that is not known.
fn reach(draft: &Draft) -> Value {
    draft.current_check().filter(|check| check.accepted > 0).map_or(Value::Null, |check| {
        let none = check.accepted.saturating_sub(check.addressed + check.misaddressed);
        json!({ "with": check.addressed, "without": none, "bad": check.misaddressed })
    })
}

/// The request of a draft whose options nobody has chosen yet.
fn fresh(draft: &Draft) -> Request {
    // The sheet is chosen on the page of the list.
    let sheet = draft.request.sheet.clone();
    Request { template: draft.template.clone(), organisation: draft.organisation.clone(), sheet, ..Request::default() }
}

pub(super) async fn set(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> Result<Response, Fault> {
    let asker = asker(&caller.principal);
    let draft = site.app.draft(&site.office, asker, &id).await?;
    let template = site.app.template(&draft.template)?;
    let text = |name: &str| fields.get(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let has = |name: &str| fields.contains_key(name);
    let mut common = draft.request.common.clone();
    for field in common_fields(&template.contract.fields, template.contract.shape()) {
        match text(&format!("c-{}", field.name)) {
            Some(value) => common.insert(field.name.clone(), value.into()),
            None => common.remove(&field.name),
        };
    }
    let options = template.manifest.options.keys().filter_map(|name| Some((name.clone(), text(&format!("t-{name}"))?))).collect();
    let stock = text("phoi");
    let request = Request {
        common,
        options,
        order: if text("thu-tu").as_deref() == Some("ten") { Order::Name } else { Order::List },
        overprint: stock.is_some() && text("in").as_deref() == Some("phoi-san"),
        printer: text("may-in").filter(|_| stock.is_some()),
        stock,
        register: if has("so") { Some(text("so").unwrap_or_default()) } else { draft.request.register.clone() },
        mail: has("thu").then(|| MailRequest {
            relay: text("may-chu"),
            together: has("thu-gop"),
            hold: has("thu-giu"),
            attach: text("kem").map(|how| if how == "lien-ket" { Attach::Link } else { Attach::Auto }),
        }),
        only_valid: has("bo-loi"),
        merge: has("gop"),
        zip: has("nen"),
        ..draft.request.clone()
    };
    let revision = text("revision").and_then(|text| text.parse().ok()).unwrap_or_default();
    match site.app.set_request(&site.office, asker, &id, revision, request.clone()).await {
        Ok(draft) => Ok(to(&onward(&draft, &template.contract.fields, template.contract.shape())).into_response()),
        Err(error) => match stale(&error, None) {
            // What was filled in stays in the form.
            Some(problem) => {
                let draft = site.app.draft(&site.office, asker, &id).await?;
                Ok(drawn(&site, &caller, &draft, &request).await?.status(StatusCode::CONFLICT).problems(vec![problem]).into_response())
            }
            None => Err(error.into()),
        },
    }
}

/// Back to where something is still wrong, else to the next step.
fn onward(draft: &Draft, fields: &[Field], shape: Shape) -> String {
    let id = &draft.id;
    let titles: Vec<String> = common_fields(fields, shape).map(|field| format!("“{}”", field.title)).collect();
    let wrong = draft.current_check().is_some_and(|check| {
        let own = |text: &str| titles.iter().any(|title| text.contains(title.as_str()));
        check.diagnostics.iter().any(|one| one.is_error() && one.record.is_none() && own(one.message.in_language(Language::Vietnamese)))
    });
    if wrong {
        format!("/tao/{id}/tuy-chon#gia-tri-chung")
    } else if draft.is_ready() {
        format!("/tao/{id}/xem")
    } else {
        format!("/tao/{id}")
    }
}
