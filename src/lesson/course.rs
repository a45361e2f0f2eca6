//! Courses: lessons in an order, with times, as an instructor puts them together. Inert and already checked.

use serde::Serialize;

use crate::scenario::Text;

/// A course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Course {
    /// Its name.
    pub id: String,
    /// Its title, by language.
    pub title: Text,
    /// What it is for, by language.
    pub summary: Text,
    /// When it begins, in minutes after midnight; `None`: whenever one likes.
    pub starts: Option<u32>,
    /// What comes, in order.
    pub items: Vec<Item>,
}

/// One part of a course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// How long it takes [min].
    pub minutes: u32,
    /// The lesson; `None`: something else.
    pub lesson: Option<String>,
    /// What it is where it is no lesson, such as a break, by language.
    pub title: Text,
}

impl Course {
    /// Its parts, each with when it begins: minutes after midnight, or after the course's beginning if that is open.
    pub fn timetable(&self) -> impl Iterator<Item = (u32, &Item)> {
        self.items.iter().scan(self.starts.unwrap_or(0), |at, item| {
            let begins = *at;
            *at += item.minutes;
            Some((begins, item))
        })
    }

    /// Its lessons, in order.
    pub fn lessons(&self) -> impl Iterator<Item = &str> {
        self.items.iter().filter_map(|item| item.lesson.as_deref())
    }

    /// How long it takes [min].
    pub fn minutes(&self) -> u32 {
        self.items.iter().map(|item| item.minutes).sum()
    }
}
