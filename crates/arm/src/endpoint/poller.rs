//! What clients that wait for operations are told.

use routehub_types::Instant;
use serde_json::json;

use super::login::Cloud;
use super::message::{ArmError, Response};
use super::question::Question;
use super::state::{Operations, Progress, Work};

/// The longest that clients are asked to wait before they ask again, in seconds, as Azure does.
const PATIENCE: u64 = 10;

/// Answers about operations, at a moment.
pub(super) struct Poller<'a> {
    pub(super) cloud: &'a Cloud,
    pub(super) operations: &'a Operations,
    pub(super) at: Instant,
}

impl Poller<'_> {
    /// The answer to the request that an operation begins with, which shows what is written.
    /// Clients take 200 and 201 for `PUT`, for all else 202.
    pub(super) fn begun(&self, number: u64, mut response: Response) -> Response {
        let status = self.url("operations", number);
        response.headers.push(("azure-asyncoperation", status));
        if response.body.is_none() {
            response.status = 202;
            let result = self.url("operationResults", number);
            response.headers.push(("location", result));
        }
        response.headers.push(("retry-after", self.wait(number)));
        response
    }

    /// How far an operation is: what stands behind `Azure-AsyncOperation`.
    pub(super) fn status(&self, id: &str) -> Response {
        let number = number(id);
        let progress = number.and_then(|number| self.operations.progress(number));
        match (number, progress) {
            (Some(number), Some(Progress::Going(_))) => {
                let mut response = Response::ok(json!({"status": "InProgress"}));
                response.headers.push(("retry-after", self.wait(number)));
                response
            }
            (_, Some(Progress::Failed(message))) => {
                let error = json!({"code": "OperationNotAllowed", "message": message});
                Response::ok(json!({"status": "Failed", "error": error}))
            }
            // What is not remembered has ended long ago.
            _ => Response::ok(json!({"status": "Succeeded", "properties": {}})),
        }
    }

    /// What came of an operation: what stands behind `Location`.
    pub(super) fn result(&self, id: &str) -> Response {
        let number = number(id);
        let progress = number.and_then(|number| self.operations.progress(number));
        match (number, progress) {
            (Some(number), Some(Progress::Going(_))) => self.begun(number, Response::empty(202)),
            (_, Some(Progress::Failed(message))) => {
                ArmError::new(409, "OperationNotAllowed", message.clone()).into()
            }
            (_, Some(Progress::Done(Work::Delete))) => Response::empty(204),
            // What is not remembered has ended long ago.
            _ => Response::ok(json!({"status": "Succeeded", "properties": {}})),
        }
    }

    /// The question that an operation asked, if it is done: its answer is what came of it.
    pub(super) fn question(&self, id: &str) -> Option<Question> {
        match self.operations.progress(number(id)?)? {
            Progress::Done(Work::Question(question)) => Some(question.clone()),
            _ => None,
        }
    }

    fn url(&self, kind: &str, number: u64) -> String {
        let Cloud {
            url, subscription, ..
        } = self.cloud;
        format!(
            "{url}/subscriptions/{subscription}/providers/Microsoft.Network/locations/westeurope/\
             {kind}/00000000-0000-0000-0000-{number:012}?api-version=2024-05-01"
        )
    }

    /// Seconds to wait before it is asked again. Clients take none for half a minute, so it is one
    /// at least.
    fn wait(&self, number: u64) -> String {
        let left = match self.operations.progress(number) {
            Some(Progress::Going(operation)) => operation.until.since(self.at),
            _ => std::time::Duration::ZERO,
        };
        let seconds = left.as_millis().div_ceil(1000);
        seconds.clamp(1, u128::from(PATIENCE)).to_string()
    }
}

/// The number of an operation by its id.
fn number(id: &str) -> Option<u64> {
    id.rsplit('-').next()?.parse().ok()
}
