//! `courses.toml`, beside the lessons: which of them an instructor teaches in which order, and when.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::report;
use crate::content::diagnostic::{Code, Collector, Diagnostics, Finding};
use crate::content::files::Folder;
use crate::content::tree::At;
use crate::content::{parse, read};
use crate::lang::Lang;
use crate::lesson::course::{Course, Item};
use crate::scenario::Text;
use crate::wording::{listed, nearest, shown};

/// The file with the courses.
pub(crate) const COURSES_FILE: &str = "courses.toml";
/// The longest part of a course [min], and most parts of one.
const MOST_MINUTES: u32 = 480;
const MOST_ITEMS: usize = 100;

/// Courses made of the lessons beside this file and of the shipped ones.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(title = "Courses of Fleetlab lessons")]
pub(crate) struct CoursesFile {
    /// The version of the format: 1.
    format_version: u32,
    /// The courses.
    #[serde(default)]
    course: Vec<CourseFile>,
}

/// An ordered list of lessons with times.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct CourseFile {
    /// Its name: letters, digits and `-`.
    id: String,
    /// Its title, in `en` and `vi`.
    title: Text,
    /// What it is for, in `en` and `vi`.
    #[serde(default)]
    summary: Text,
    /// When it begins, such as `"13:30"`. Default: whenever one likes.
    #[serde(default)]
    starts: Option<String>,
    /// What comes, in order.
    #[serde(default)]
    item: Vec<ItemFile>,
}

/// A lesson, or something else such as a break.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ItemFile {
    /// The lesson.
    #[serde(default)]
    lesson: Option<String>,
    /// What it is where it is no lesson, in `en` and `vi`.
    #[serde(default)]
    title: Text,
    /// How long it takes [min], 1 to 480.
    minutes: u32,
}

/// Reads the courses of a folder, whose lessons may be these, with what comes before each; none if it has no such file.
pub(super) fn courses(folder: &Folder, lessons: &BTreeMap<String, Vec<String>>) -> Result<(Vec<Course>, Diagnostics), Diagnostics> {
    let mut collector = Collector::default();
    let Ok(file) = folder.data(COURSES_FILE) else { return Ok((Vec::new(), collector.finish())) };
    let mut courses = Vec::new();
    if let Some(mut tree) = parse::tree(&file, &mut collector)
        && let Some(read) = read::read::<CoursesFile>(&mut tree, &mut collector)
    {
        let mut say = |at: &At<'_>, finding: Finding| report(&tree, at, finding, &mut collector);
        if read.format_version != 1 {
            say(&At::ROOT.key("format_version"), Finding::error(Code::Impossible, format!("this program reads format version 1, not {}", read.format_version)));
        }
        for (n, course) in read.course.iter().enumerate() {
            let at = At::ROOT.key("course");
            let at = at.index(n);
            let id_at = at.key("id");
            if course.id.is_empty() || !course.id.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
                say(&id_at, Finding::error(Code::BadName, "a course's name has letters, digits and `-`"));
            }
            if read.course[..n].iter().any(|other| other.id == course.id) {
                say(&id_at, Finding::error(Code::BadName, format!("there are two courses `{}`", shown(&course.id))));
            }
            in_both(&course.title, &at.key("title"), &mut say);
            let starts = course.starts.as_deref().and_then(|text| {
                let minutes = clock(text);
                if minutes.is_none() {
                    say(&at.key("starts"), Finding::error(Code::BadValue, format!("`{}` is no time of day", shown(text))).help("write it as \"13:30\""));
                }
                minutes
            });
            if course.item.is_empty() || course.item.len() > MOST_ITEMS {
                say(&id_at, Finding::error(Code::Impossible, format!("a course has 1 to {MOST_ITEMS} `[[course.item]]`")));
            }
            let items_at = at.key("item");
            for (m, item) in course.item.iter().enumerate() {
                let at = items_at.index(m);
                if !(1..=MOST_MINUTES).contains(&item.minutes) {
                    say(&at.key("minutes"), Finding::error(Code::BadValue, format!("{} is not between 1 and {MOST_MINUTES}", item.minutes)));
                }
                match &item.lesson {
                    None => in_both(&item.title, &at.key("title"), &mut say),
                    Some(name) => match lessons.get(name) {
                        None => {
                            let known = || lessons.keys().map(String::as_str);
                            let finding = Finding::error(Code::UnknownName, format!("there is no lesson `{}`", shown(name)));
                            let others = || listed(known()).map(|names| format!("there are {names}"));
                            say(&at.key("lesson"), finding.suggest(nearest(name, known()), others));
                        }
                        Some(requires) => {
                            let later = |required: &&String| course.item[m + 1..].iter().any(|item| item.lesson.as_ref() == Some(*required));
                            for required in requires.iter().filter(later) {
                                let finding = Finding::error(Code::Impossible, format!("`{}` comes before `{required}`, which it requires", shown(name)));
                                say(&at.key("lesson"), finding.help("put them in the other order"));
                            }
                        }
                    },
                }
            }
            let items = course.item.iter().map(|item| Item { minutes: item.minutes, lesson: item.lesson.clone(), title: item.title.clone() });
            courses.push(Course { id: course.id.clone(), title: course.title.clone(), summary: course.summary.clone(), starts, items: items.collect() });
        }
    }
    let diagnostics = collector.finish();
    if diagnostics.has_errors() { Err(diagnostics) } else { Ok((courses, diagnostics)) }
}

fn in_both(text: &Text, at: &At<'_>, say: &mut impl FnMut(&At<'_>, Finding)) {
    for (lang, _) in Lang::ALL {
        if text.0.get(lang.code()).is_none_or(|text| text.trim().is_empty()) {
            say(at, Finding::error(Code::MissingKey, format!("a text in `{}` is missing", lang.code())));
        }
    }
}

/// Minutes after midnight.
fn clock(text: &str) -> Option<u32> {
    let (hours, minutes) = text.split_once(':')?;
    let (hours, minutes): (u32, u32) = (hours.parse().ok()?, minutes.parse().ok()?);
    (hours < 24 && minutes < 60).then_some(hours * 60 + minutes)
}
