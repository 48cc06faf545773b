//! A picture before it is text.

use routehub::Exchange;
use routehub::Trace;
use routehub::types::Prefix;

use crate::scene::{Scene, grouped, mark_route, mark_trace};
use crate::{Outline, mermaid, svg};

/// A picture of an estate.
#[derive(Clone, Debug)]
pub struct Picture {
    scene: Scene,
}

/// Nobody announces the prefix that is to be in colour.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nobody announces {prefix}")]
pub struct NoSuchRoute {
    /// The prefix.
    pub prefix: Prefix,
}

impl Picture {
    /// The picture of an estate as it is now, events included.
    pub fn of(exchange: &Exchange) -> Self {
        Self {
            scene: Scene::of(exchange),
        }
    }

    /// The same with the peerings that were there before and are gone, in grey: networks stay in
    /// their places.
    #[must_use]
    pub fn since(mut self, before: &Exchange) -> Self {
        self.scene.add_lost_peerings(&Scene::of(before));
        self
    }

    /// The same under a title.
    #[must_use]
    pub fn titled(mut self, title: impl Into<String>) -> Self {
        self.scene.title = title.into();
        self
    }

    /// The same with a remark below the title, such as what failed before.
    #[must_use]
    pub fn remarking(mut self, remark: &str) -> Self {
        let about = &mut self.scene.about;
        let blank = if about.is_empty() { "" } else { "; " };
        about.push_str(&format!("{blank}{remark}"));
        self
    }

    /// The same with a route in colour: who announces it to whom, who uses what, and which networks'
    /// machines have it. `exchange` is the one that the picture is of.
    ///
    /// # Errors
    /// [`NoSuchRoute`] if nobody announces the prefix.
    pub fn with_route(mut self, exchange: &Exchange, prefix: Prefix) -> Result<Self, NoSuchRoute> {
        match mark_route(&mut self.scene, exchange, prefix) {
            true => Ok(self),
            false => Err(NoSuchRoute { prefix }),
        }
    }

    /// The same with the way of a packet in colour, step by step. `exchange` is the one that the
    /// picture is of.
    #[must_use]
    pub fn with_trace(mut self, exchange: &Exchange, trace: &Trace) -> Self {
        mark_trace(&mut self.scene, exchange, trace);
        self
    }

    /// The picture as SVG: a document of its own, without fonts or scripts, for light and dark
    /// pages.
    pub fn svg(&self) -> String {
        svg::document(&grouped(&self.scene))
    }

    /// The picture as data, for programs that draw or check it themselves.
    pub fn outline(&self) -> Outline {
        Outline::of(&grouped(&self.scene))
    }

    /// The picture as a Mermaid flowchart, for pages that draw such.
    pub fn mermaid(&self) -> String {
        mermaid::flowchart(&grouped(&self.scene))
    }
}
