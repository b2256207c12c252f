//! The sections of the page, one file each, in the order in which they are read.

pub(crate) mod caps;
pub(crate) mod contributors;
pub(crate) mod convergence;
pub(crate) mod curve;
pub(crate) mod headline;
pub(crate) mod joint;
pub(crate) mod network;
pub(crate) mod paths;
pub(crate) mod provenance;
pub(crate) mod scenarios;
pub(crate) mod sensitivity;
pub(crate) mod waterfall;

use maud::{Markup, html};

/// A section of the page.
pub(crate) fn section(id: &str, title: &str, body: &Markup) -> Markup {
    html! { section id=(id) { h2 { (title) } (body) } }
}

/// Why there are no parts of a loss.
const NOT_SPLIT: &str = "The losses of this scope are not split: that is done with `run.detail = \"standard\"`, of the system, assets by nav and portfolios.";

/// What stands where a section has nothing to show, with the reason.
pub(crate) fn nothing(why: &str) -> Markup {
    html! { p.nothing { (why) } }
}
