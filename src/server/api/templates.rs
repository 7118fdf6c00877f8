//! `/api/v1/templates`: what can be made, from which fields, and the workbook to fill.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::body::{Asker, Path};
use crate::access::Right;
use crate::server::download;
use crate::server::fault::Fault;
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;
use crate::template::Template;

const READ: Rule = Rule::Needs(Right::Read);

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::get("/api/v1/templates", READ, list),
        Route::get("/api/v1/templates/{name}", READ, one),
        Route::get("/api/v1/templates/{name}/schema", READ, schema),
        Route::get("/api/v1/templates/{name}/workbook", READ, workbook),
        Route::get("/api/v1/templates/{name}/picture", READ, picture),
    ]
}

async fn list(State(site): State<Arc<Site>>, _: Asker) -> Result<Response, Fault> {
    let all: Vec<Value> = site
        .app
        .catalog()
        .entries()
        .into_iter()
        .filter_map(|entry| site.app.template(&entry.name).ok())
        .map(|template| {
            let manifest = &template.manifest;
            json!({ "name": manifest.name, "version": manifest.version, "title": manifest.title, "description": manifest.description })
        })
        .collect();
    Ok(axum::Json(json!({ "templates": all })).into_response())
}

/// Is there a template of that name, whether it can be read or not?
pub(super) fn known(site: &Site, name: &str) -> Result<(), Fault> {
    if site.app.catalog().entries().iter().any(|entry| entry.name == name) { Ok(()) } else { Err(Fault::not_found()) }
}

fn template(site: &Site, name: &str) -> Result<Arc<Template>, Fault> {
    known(site, name)?;
    Ok(site.app.template(name)?)
}

async fn one(State(site): State<Arc<Site>>, _: Asker, Path(name): Path<String>) -> Result<Response, Fault> {
    let template = template(&site, &name)?;
    let manifest = &template.manifest;
    let fields: Vec<Value> = template
        .contract
        .fields
        .iter()
        .map(|field| json!({ "name": field.name, "heading": field.title, "required": field.required }))
        .collect();
    let options: serde_json::Map<String, Value> = manifest
        .options
        .iter()
        .map(|(name, option)| (name.clone(), json!({ "title": option.title, "values": option.values, "default": option.default })))
        .collect();
    Ok(axum::Json(json!({
        "name": manifest.name, "version": manifest.version, "title": manifest.title, "description": manifest.description,
        "fields": fields, "options": options, "stock": manifest.stock, "mail": template.mail.is_some(), "sample": template.sample,
    }))
    .into_response())
}

async fn schema(State(site): State<Arc<Site>>, _: Asker, Path(name): Path<String>) -> Result<Response, Fault> {
    Ok(axum::Json(template(&site, &name)?.contract.schema.clone()).into_response())
}

async fn workbook(State(site): State<Arc<Site>>, _: Asker, Path(name): Path<String>) -> Result<Response, Fault> {
    template(&site, &name)?;
    let bytes = site.app.blank_workbook(&site.office, &name).await?;
    Ok(download::file(bytes, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", &format!("{name}.xlsx"), false))
}

async fn picture(State(site): State<Arc<Site>>, Asker(caller): Asker, Path(name): Path<String>) -> Result<Response, Fault> {
    template(&site, &name)?;
    let bytes = site.app.template_picture(&site.office, &name, caller.principal.organisation.as_deref()).await?;
    Ok(download::file(bytes, "image/png", &format!("{name}.png"), true))
}
