//! What a form or a row of buttons asked the world for, and why that was refused: the answer comes frames later, and is said where it was
//! asked for.

use crate::scenario::Action;

/// What was asked for last, and why it was refused if it was.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    action: Option<Box<Action>>,
    refusal: Option<String>,
}

impl Asked {
    /// Remembers what is asked for. What was refused before is told no more.
    pub(crate) fn ask(&mut self, action: &Action) {
        (self.action, self.refusal) = (Some(Box::new(action.clone())), None);
    }
    /// Whether it was asked for here, and is not answered yet.
    pub(crate) fn is_for(&self, action: &Action) -> bool {
        self.action.as_deref() == Some(action)
    }
    /// The world refused an action; whether it was asked for here, where that is said.
    pub(crate) fn refused(&mut self, action: &Action, why: &str) -> bool {
        let ours = self.is_for(action);
        if ours {
            (self.action, self.refusal) = (None, Some(why.to_owned()));
        }
        ours
    }
    /// The world did an action; whether it was asked for here.
    pub(crate) fn done(&mut self, action: &Action) -> bool {
        let ours = self.is_for(action);
        if ours {
            self.forget();
        }
        ours
    }
    /// Why it was refused.
    pub(crate) fn why(&self) -> Option<&str> {
        self.refusal.as_deref()
    }
    /// Something else is looked at.
    pub(crate) fn forget(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::deploy::Wish;

    #[test]
    fn a_refusal_is_shown_where_it_was_asked_for() {
        let action = |service: &str| Action::Steer { service: service.to_owned(), wish: Wish::Pause };
        let (pause, other) = (action("a"), action("b"));
        let mut asked = Asked::default();
        asked.ask(&pause);
        assert!(!asked.refused(&other, "no") && !asked.done(&other), "somebody else asked for that");
        assert!(asked.refused(&pause, "nothing is under way"));
        assert_eq!(asked.why(), Some("nothing is under way"));
        asked.ask(&pause);
        assert_eq!(asked.why(), None, "another try");
        assert!(asked.done(&pause));
        assert!(!asked.refused(&pause, "no"), "that is over");
    }
}
