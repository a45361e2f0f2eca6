//! Lessons: what a learner is shown, asked and to reach; an attempt at it; and the proof that it works.
//!
//! ```text
//!  content/lesson ──► plan + texts (inert, checked) ──► attempt (a session, step by step) ──► what the window and reports show
//!                        │ expressions, goals                 ▲        │ verdicts, values, the learner's curve
//!                        │        └── function/ (what may be asked, by name)
//!                        └──► proof (attempts that do nothing, that follow the solution, that err; on several seeds)
//! ```
//!
//! A goal reads what the simulated tools see; functions that read the truth say so. Nothing here knows a file format or a
//! screen. To add a function, see `function`; a kind of step is a variant of [`plan::Kind`] with its texts in [`texts`], its
//! key in `content/lesson` and its rules in `proof`.

pub mod attempt;
pub mod course;
pub mod expression;
pub mod facts;
pub mod function;
pub mod goal;
pub mod grade;
pub mod kind;
pub mod not_graded;
pub mod plan;
pub mod progress;
pub mod proof;
pub mod quote;
mod slip;
pub mod texts;
pub mod translation;
pub mod view;
pub mod work;

pub use attempt::Attempt;
pub use expression::{Expression, ExpressionError, Names, Recalled, Scope};
pub use goal::{Assertion, Goal, Verdict};
pub use plan::Lesson;
pub use work::Work;
