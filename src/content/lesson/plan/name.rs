//! Names in a lesson: those that it gives, and those of what it points at.

use super::{Here, Planner};
use crate::content::diagnostic::{Code, Finding};
use crate::content::tree::At;
use crate::lesson::plan::Look;
use crate::scenario::limits;
use crate::wording::{listed, nearest, shown};

impl Planner<'_> {
    pub(super) fn look(&mut self, look: &Look, at: &At<'_>, here: Here<'_>) {
        if let Some(service) = &look.service {
            self.one_of(service, here.scenario.model.services.iter().map(|service| service.name.as_str()), "service", &at.key("service"));
        }
    }

    pub(super) fn one_of<'n>(&mut self, name: &str, known: impl Iterator<Item = &'n str>, what: &str, at: &At<'_>) {
        let known: Vec<&str> = known.collect();
        if !known.contains(&name) {
            let finding = Finding::error(Code::UnknownName, format!("there is no {what} `{}`", shown(name)));
            let others = || listed(known.iter().copied()).map(|names| format!("there are {names}"));
            self.report(at, finding.suggest(nearest(name, known.iter().copied()), others));
        }
    }

    /// A name that texts and expressions can name.
    pub(super) fn id<'n>(&mut self, id: &str, mut others: impl Iterator<Item = &'n str>, at: &At<'_>) {
        let is_plain = |id: &str| id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if id.is_empty() || id.chars().count() > limits::NAME_CHARS || !is_plain(id) {
            let finding = Finding::error(Code::BadName, format!("`{}` is no name within a lesson", shown(id)));
            self.report(at, finding.help("write lower-case letters, digits and `-`"));
        } else if others.any(|other| other == id) {
            self.report(at, Finding::error(Code::Duplicate, format!("`{}` is there already", shown(id))).label("choose another name"));
        }
    }

    pub(super) fn count(&mut self, count: u64, least: u64, most: u64, at: &At<'_>) {
        if !(least..=most).contains(&count) {
            self.report(at, Finding::error(Code::Impossible, format!("{count} is not between {least} and {most}")));
        }
    }
}
