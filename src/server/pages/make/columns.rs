//! What a list lacks, said once for all its rows: which column is which field, one value for all, which form is made.

use std::sync::Arc;

use axum::Form;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::asker;
use super::table::again;
use crate::app::AppError;
use crate::app::drafts::{Draft, Page as Rows};
use crate::batch::Request;
use crate::diagnostic::Diagnostic;
use crate::say;
use crate::server::caller::Caller;
use crate::server::fault::Fault;
use crate::server::page::to;
use crate::server::site::Site;
use crate::template::contract::{Contract, Scope};

/// The fields of the choice for a missing column.
#[derive(Deserialize)]
pub(super) struct Choice {
    revision: u64,
    /// The field.
    truong: String,
    /// Heading of the column that it is.
    #[serde(default)]
    cot: String,
    /// Its value in all rows.
    #[serde(default)]
    gia_tri: String,
    /// Take back what was chosen, when present.
    bo: Option<String>,
}

pub(super) async fn choose(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Form(choice): Form<Choice>,
) -> Result<Response, Fault> {
    let Choice { revision, truong, cot, gia_tri, bo } = choice;
    let draft = site.app.draft(&site.office, asker(&caller.principal), &id).await?;
    let template = site.app.template(&draft.template)?;
    let mut request = draft.request;
    request.columns.remove(&truong);
    request.common.remove(&truong);
    match (template.contract.field(&truong).is_some(), bo, cot.trim(), gia_tri.trim()) {
        (false, ..) => return Err(Fault::not_found()),
        (_, Some(_), ..) => {}
        (.., "", "") => {
            let problem = Diagnostic::error("column-unchosen", say!("chưa chọn cột hay giá trị nào", "no column and no value was chosen"));
            return again(&site, &caller, &id, AppError::Input(vec![problem]), None).await;
        }
        (.., "", value) => drop(request.common.insert(truong, value.into())),
        (.., heading, _) => drop(request.columns.insert(truong, heading.to_owned())),
    }
    changed(&site, &caller, &id, revision, request).await
}

/// The fields of the choice of rows.
#[derive(Deserialize)]
pub(super) struct Which {
    revision: u64,
    /// Only the rows of the template's own form, when present.
    chi_lay: Option<String>,
}

pub(super) async fn choose_form(
    State(site): State<Arc<Site>>,
    caller: Caller,
    Path(id): Path<String>,
    Form(which): Form<Which>,
) -> Result<Response, Fault> {
    let draft = site.app.draft(&site.office, asker(&caller.principal), &id).await?;
    let request = Request { own_form: which.chi_lay.is_some(), ..draft.request };
    changed(&site, &caller, &id, which.revision, request).await
}

async fn changed(site: &Arc<Site>, caller: &Caller, id: &str, revision: u64, request: Request) -> Result<Response, Fault> {
    match site.app.set_request(&site.office, asker(&caller.principal), id, revision, request).await {
        Ok(_) => Ok(to(&format!("/tao/{id}")).into_response()),
        Err(error) => again(site, caller, id, error, None).await,
    }
}

/// The missing columns, each with its ways out.
pub(super) fn missing(rows: &Rows) -> Value {
    rows.missing
        .iter()
        .map(|one| {
            let heading = |heading: &String| json!({ "name": heading, "chosen": one.near.as_ref() == Some(heading) });
            let choice = |choice: &String| json!({ "name": choice, "chosen": one.likely.as_ref() == Some(choice) });
            json!({
                "field": one.field, "called": one.title, "description": one.description,
                "headings": rows.free.iter().map(heading).collect::<Value>(), "choices": one.choices.iter().map(choice).collect::<Value>(),
            })
        })
        .collect()
}

/// What was chosen in the place of columns.
pub(super) fn chosen(draft: &Draft, contract: &Contract) -> Value {
    let own = contract.fields.iter().filter(|field| field.scope == Scope::Record);
    own.filter_map(|field| {
        let column = draft.request.columns.get(&field.name);
        let value = draft.request.common.get(&field.name).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        (column.is_some() || value.is_some())
            .then(|| json!({ "field": field.name, "called": field.title, "column": column, "value": value }))
    })
    .collect()
}
