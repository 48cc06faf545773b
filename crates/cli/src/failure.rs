//! What is said where there is no answer.

use routehub_scenario::RunError;

/// What ends a run without an answer: the exit code and what to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    code: u8,
    message: String,
    is_of_argument: bool,
}

impl Failure {
    /// Something that was given is not good (exit code 2).
    pub fn bad_input(message: impl Into<String>) -> Self {
        Self {
            code: 2,
            message: message.into(),
            is_of_argument: false,
        }
    }

    /// An argument is not good: [`Failure::of`] says which.
    pub fn bad_argument(message: impl Into<String>) -> Self {
        Self {
            is_of_argument: true,
            ..Self::bad_input(message)
        }
    }

    /// The answer is no, and more cannot be said (exit code 1).
    pub fn negative(message: impl Into<String>) -> Self {
        Self {
            code: 1,
            ..Self::bad_input(message)
        }
    }

    /// The same, said of the argument as the user writes it: `--explain`, `explain`.
    #[must_use]
    pub fn of(mut self, argument: &str) -> Self {
        if std::mem::take(&mut self.is_of_argument) {
            self.message = format!("{argument} {}", self.message);
        }
        self
    }

    /// What to say.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The exit code.
    pub const fn code(&self) -> u8 {
        self.code
    }
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        Self::negative(error.to_string())
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::bad_input(format!("{error:#}"))
    }
}
