//! What every request passes first, before anything of its body is read.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

use super::app::App;
use super::body::{Endless, Paced};
use super::connections::{Ends, Turn, Turns};
use super::error::Refusal;

/// Looks at a request, and has it answered in time.
pub(super) async fn check(
    State(app): State<Arc<App>>,
    Extension(ends): Extension<Ends>,
    Extension(turns): Extension<Turns>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    turns.set(Turn::Server);
    app.guard().admit(&request, ends)?;
    let response = next.run(request).await;
    if response.extensions().get::<Endless>().is_some() {
        turns.set(Turn::Client);
        return Ok(response);
    }
    Ok(response.map(|body| Paced::answer(body, turns)))
}
