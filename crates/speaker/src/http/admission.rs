//! What every request passes first, before anything of its body is read.

use std::sync::Arc;

use axum::Extension;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tokio::time::Instant;

use super::app::App;
use super::body::{Endless, LONGEST};
use super::connections::{Deadline, Ends};
use super::error::Refusal;

/// Looks at a request, and has it answered in time.
pub(super) async fn check(
    State(app): State<Arc<App>>,
    Extension(ends): Extension<Ends>,
    Extension(deadline): Extension<Deadline>,
    request: Request,
    next: Next,
) -> Result<Response, Refusal> {
    deadline.set(None);
    app.guard().admit(&request, ends)?;
    let response = next.run(request).await;
    if response.extensions().get::<Endless>().is_none() {
        deadline.set(Some(Instant::now() + LONGEST));
    }
    Ok(response)
}
