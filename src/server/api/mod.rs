//! The interface for programs, `/api/v1`.

use super::routes::Route;

/// Its routes.
pub fn routes() -> Vec<Route> {
    Vec::new()
}
