//! `/api/v1/certificates`: the public check. What is no code and what nobody has get the same answer.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::body::Path;
use super::time;
use crate::server::caller::Caller;
use crate::server::fault::Fault;
use crate::server::routes::{Route, Rule};
use crate::server::site::Site;
use crate::store::proofs::ProofState;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::get("/api/v1/certificates/{code}", Rule::Public, one)]
}

/// What may be shown of a certificate; counted with the questions of the page, by address.
async fn one(State(site): State<Arc<Site>>, caller: Caller, typed: Result<Path<String>, Fault>) -> Result<Response, Fault> {
    let config = site.app.verify_config().ok_or_else(Fault::not_found)?;
    site.question(caller.address).map_err(Fault::too_many)?;
    // What is not even text is no code either.
    let typed = typed.map(|Path(typed)| typed).unwrap_or_default();
    let proof = site.app.certificate(&site.office, &typed).await?.ok_or_else(Fault::not_found)?;
    let own = &proof.proof;
    let changed_at = (proof.state != ProofState::Valid).then(|| time(proof.changed_at));
    Ok(axum::Json(json!({
        "code": own.code, "state": proof.state.name(), "title": own.title, "number": own.number, "date": own.date, "issuer": own.issuer,
        "holder": config.show_holder.show(&own.holder), "reason": proof.reason, "changed_at": changed_at, "replaced_by": proof.replaced_by,
        "files": proof.files,
    }))
    .into_response())
}
