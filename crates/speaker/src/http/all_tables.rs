//! Every table in an answer: each is read in its turn, while those before are sent, so that no more
//! than one of them is in memory.

use std::cell::RefCell;
use std::io;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use routehub::{Exchange, Finding, TableId, TableRows};
use routehub_scenario::{SeenTables, TableSource};
use tokio::sync::{mpsc, oneshot};

use super::app::App;
use super::body::{Writing, write_line};
use super::error::Refusal;

/// What the thread that writes asks those for who may wait.
enum Question {
    Rows(TableId, oneshot::Sender<Result<TableRows, Refusal>>),
    Findings(oneshot::Sender<Result<Vec<Finding>, Refusal>>),
}

/// Tables that are read when they are to be written.
struct ReadInTurn<'a, 'p> {
    questions: mpsc::Sender<Question>,
    turn: &'a Writing<'p>,
    /// Why the rest is missing.
    failed: RefCell<Option<Refusal>>,
}

impl ReadInTurn<'_, '_> {
    /// What is answered to a question; nothing after a failure.
    fn ask<T>(
        &self,
        question: impl FnOnce(oneshot::Sender<Result<T, Refusal>>) -> Question,
    ) -> Option<T> {
        if self.failed.borrow().is_some() {
            return None;
        }
        let (to, answer) = oneshot::channel();
        let answered = self.turn.pause(|| {
            self.questions.blocking_send(question(to)).ok()?;
            answer.blocking_recv().ok()
        });
        let ended = || Err(Refusal::busy("the server ends"));
        let answered = answered.unwrap_or_else(ended);
        answered
            .map_err(|refusal| self.failed.replace(Some(refusal)))
            .ok()
    }
}

impl TableSource for ReadInTurn<'_, '_> {
    fn rows(&self, id: &TableId) -> TableRows {
        let rows = self.ask(|to| Question::Rows(id.clone(), to));
        rows.unwrap_or_else(|| TableRows::Routes(Vec::new()))
    }

    fn findings(&self) -> Vec<Finding> {
        self.ask(Question::Findings).unwrap_or_default()
    }
}

/// Answers the questions of the thread that writes until it has no more.
async fn answer(app: Arc<App>, mut questions: mpsc::Receiver<Question>) {
    // Who does not wait any more has gone, with its client.
    while let Some(question) = questions.recv().await {
        match question {
            Question::Rows(id, to) => {
                let none = || TableRows::Routes(Vec::new());
                let rows = match app.read_together(&id, |_, _| Ok(())).await {
                    Ok(tables) => {
                        let rows = Arc::unwrap_or_clone(tables).rows.remove(&id);
                        Ok(rows.unwrap_or_else(none))
                    }
                    // It has gone since the tables were listed.
                    Err(refusal) if refusal.is_unknown() => Ok(none()),
                    Err(refusal) => Err(refusal),
                };
                let _ = to.send(rows);
            }
            Question::Findings(to) => {
                let _ = to.send(app.findings().await);
            }
        }
    }
}

/// Every table, in the shapes of the network file's `expect`, each as it is at its time.
pub(super) async fn tables(State(app): State<Arc<App>>) -> Result<Response, Refusal> {
    let permit = app.table_permit().await?;
    let ids = app.share(|exchange: &Exchange| TableId::all(exchange.estate()));
    let ids = ids.await?;
    let (questions, asked) = mpsc::channel(1);
    tokio::spawn(answer(Arc::clone(&app), asked));
    app.written(permit, move |turn, out| {
        let source = ReadInTurn {
            questions,
            turn,
            failed: RefCell::new(None),
        };
        write_line(out, &SeenTables::some(&source, ids))?;
        match source.failed.into_inner() {
            Some(refusal) => Err(io::Error::other(refusal.error())),
            None => Ok(()),
        }
    })
    .await
}
