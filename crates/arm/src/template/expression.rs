//! The expressions of templates: `[concat(parameters('a'), '-b')]`.

use serde_json::{Value, json};

use super::error::TemplateError;

/// How deep calls may lie in each other.
const DEPTH: usize = 48;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expression {
    /// A text or a number.
    Literal(Value),
    /// A function and its arguments.
    Call(String, Vec<Expression>),
    /// A field or item of a value.
    Field(Box<Expression>, Box<Expression>),
}

impl Expression {
    /// The expression that a text is; none if it is text.
    ///
    /// # Errors
    /// [`TemplateError`] if it begins as an expression and is none.
    pub(super) fn of(text: &str) -> Result<Option<Self>, TemplateError> {
        let inner = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        let Some(inner) = inner.filter(|inner| !inner.starts_with('[')) else {
            return Ok(None);
        };
        let mut parser = Parser { rest: inner };
        let expression = parser.expression(0)?;
        match parser.rest.trim() {
            "" => Ok(Some(expression)),
            rest => Err(TemplateError(format!(
                "'{rest}' does not belong in '{text}'"
            ))),
        }
    }
}

/// What is still to be read.
struct Parser<'a> {
    rest: &'a str,
}

impl Parser<'_> {
    fn expression(&mut self, depth: usize) -> Result<Expression, TemplateError> {
        if depth > DEPTH {
            return Err(TemplateError(format!("calls lie more than {DEPTH} deep")));
        }
        self.rest = self.rest.trim_start();
        let mut value = match self.rest.chars().next() {
            Some('\'') => self.text()?,
            Some(c) if c.is_ascii_digit() || c == '-' => self.number()?,
            Some(c) if c.is_ascii_alphabetic() => self.call(depth)?,
            _ => {
                return Err(TemplateError(format!(
                    "no expression begins with '{}'",
                    self.rest
                )));
            }
        };
        loop {
            self.rest = self.rest.trim_start();
            let key = if self.take('.') {
                Expression::Literal(json!(self.word()))
            } else if self.take('[') {
                let key = self.expression(depth + 1)?;
                self.need(']')?;
                key
            } else {
                return Ok(value);
            };
            value = Expression::Field(Box::new(value), Box::new(key));
        }
    }

    fn take(&mut self, c: char) -> bool {
        let rest = self.rest.strip_prefix(c);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn need(&mut self, c: char) -> Result<(), TemplateError> {
        self.rest = self.rest.trim_start();
        match self.take(c) {
            true => Ok(()),
            false => Err(TemplateError(format!(
                "'{c}' is missing before '{}'",
                self.rest
            ))),
        }
    }

    fn word(&mut self) -> String {
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
        let end = self.rest.find(|c| !is_word(c)).unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        word.to_owned()
    }

    /// A text between quotes; two quotes stand for one.
    fn text(&mut self) -> Result<Expression, TemplateError> {
        let mut text = String::new();
        self.take('\'');
        loop {
            let Some(end) = self.rest.find('\'') else {
                return Err(TemplateError("a text does not end".to_owned()));
            };
            text.push_str(&self.rest[..end]);
            self.rest = &self.rest[end + 1..];
            if !self.take('\'') {
                return Ok(Expression::Literal(json!(text)));
            }
            text.push('\'');
        }
    }

    fn number(&mut self) -> Result<Expression, TemplateError> {
        let minus = usize::from(self.rest.starts_with('-'));
        let digits = self.rest[minus..].find(|c: char| !c.is_ascii_digit());
        let end = digits.map_or(self.rest.len(), |end| end + minus);
        let (number, rest) = self.rest.split_at(end);
        self.rest = rest;
        let number: Result<i64, _> = number.parse();
        let number = number.map_err(|error| TemplateError(format!("a number: {error}")))?;
        Ok(Expression::Literal(json!(number)))
    }

    fn call(&mut self, depth: usize) -> Result<Expression, TemplateError> {
        let mut name = self.word();
        // Functions of a user's own, `namespace.name`, are not known and said to be so.
        while self.take('.') {
            name = format!("{name}.{}", self.word());
        }
        self.need('(')?;
        let mut arguments = Vec::new();
        self.rest = self.rest.trim_start();
        if self.take(')') {
            return Ok(Expression::Call(name, arguments));
        }
        loop {
            arguments.push(self.expression(depth + 1)?);
            self.rest = self.rest.trim_start();
            if self.take(')') {
                return Ok(Expression::Call(name, arguments));
            }
            self.need(',')?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_numbers_calls_and_fields_are_read() {
        let expression = Expression::of("[f('it''s', -3).a[0]]").unwrap().unwrap();
        let text = format!("{expression:?}");
        assert!(text.contains("it's") && text.contains("-3"), "{text}");
        assert_eq!(Expression::of("[[text]").unwrap(), None);
        assert_eq!(Expression::of("text").unwrap(), None);
        for wrong in ["[f(]", "[]", "[f('x]", "[f() g()]", "[-]", "[f(1,)]"] {
            assert!(Expression::of(wrong).is_err(), "{wrong}");
        }
        let deep = format!("[{}1{}]", "f(".repeat(500), ")".repeat(500));
        assert!(Expression::of(&deep).is_err());
    }
}
