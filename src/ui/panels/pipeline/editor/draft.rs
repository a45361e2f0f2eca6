//! What is edited: the last declaration that could be read, the text, and what is wrong with either.
//!
//! The text may be broken, the declaration never is. It draws nothing.

use super::lines;
use crate::delivery::pipeline::check::{Mistake, Step, check};
use crate::delivery::pipeline::definition::{Pipeline, PipelineFile};

/// Why a text cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Broken {
    /// The line, counted from 1.
    pub(super) line: usize,
    /// What is wrong there.
    pub(super) what: String,
}

/// A mistake and where it is.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// The line of the text, counted from 1.
    pub(super) line: usize,
    /// The path, as it is written: `stages[1].actions[0].runOrder`.
    pub(super) path: String,
    /// It.
    pub(super) mistake: Mistake,
}

/// A declaration that is being edited.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    file: PipelineFile,
    /// The text, as it was typed.
    pub(super) text: String,
    broken: Option<Broken>,
    found: Vec<Found>,
}

/// A declaration as text, indented by two spaces: `aws codepipeline get-pipeline` takes four, but beside the form there would
/// be no room left for the values.
fn printed(file: &PipelineFile) -> String {
    match serde_json::to_string_pretty(file) {
        Ok(text) => text,
        // Texts, numbers and lists can always be written.
        Err(error) => panic!("a declaration cannot be written: {error}"),
    }
}

impl Draft {
    /// A draft of a declaration.
    pub(super) fn new(pipeline: Pipeline) -> Self {
        let file = PipelineFile { pipeline, metadata: None, tags: None };
        let mut draft = Self { text: printed(&file), file, broken: None, found: Vec::new() };
        draft.check();
        draft
    }

    /// The last declaration that could be read.
    pub(super) fn pipeline(&self) -> &Pipeline {
        &self.file.pipeline
    }
    /// Whether the text cannot be read, and why.
    pub(super) fn broken(&self) -> Option<&Broken> {
        self.broken.as_ref()
    }
    /// Whether the text cannot be read.
    pub(super) fn is_broken(&self) -> bool {
        self.broken.is_some()
    }
    /// What is wrong or odd about the declaration, from its first line on.
    pub(super) fn found(&self) -> &[Found] {
        &self.found
    }
    /// The line of an action, counted from 1, in a text that can be read.
    pub(super) fn line_of(&self, (stage, action): (usize, usize)) -> usize {
        lines::line_of(&self.text, &[Step::Field("stages"), Step::Index(stage), Step::Field("actions"), Step::Index(action)])
    }
    /// Mistakes with which it cannot run.
    pub(super) fn errors(&self) -> usize {
        self.found.iter().filter(|found| !found.mistake.is_warning()).count()
    }

    /// The form was changed: the text follows.
    pub(super) fn set(&mut self, pipeline: Pipeline) {
        self.file.pipeline = pipeline;
        self.text = printed(&self.file);
        self.broken = None;
        self.check();
    }

    /// The text was changed: the declaration follows if it can be read.
    pub(super) fn read(&mut self) {
        match serde_json::from_str::<PipelineFile>(&self.text) {
            Ok(mut file) => {
                // What the service keeps with a pipeline's state is not in its text.
                for stage in &mut file.pipeline.stages {
                    let before = self.file.pipeline.stages.iter().find(|before| before.name == stage.name);
                    stage.inbound_disabled = before.and_then(|before| before.inbound_disabled.clone());
                }
                self.file = file;
                self.broken = None;
                self.check();
            }
            Err(error) => {
                let what = error.to_string();
                let what = what.rsplit_once(" at line ").map_or(what.as_str(), |(what, _)| what).to_owned();
                self.broken = Some(Broken { line: error.line().max(1), what });
            }
        }
    }

    /// Leaves a text that cannot be read, for the last one that could.
    pub(super) fn restore(&mut self) {
        self.text = printed(&self.file);
        self.broken = None;
        self.check();
    }

    fn check(&mut self) {
        let place = |mistake: Mistake| Found { line: lines::line_of(&self.text, &mistake.path.0), path: mistake.path.to_string(), mistake };
        self.found = check(&self.file.pipeline).into_iter().map(place).collect();
        self.found.sort_by_key(|found| found.line);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> Pipeline {
        let file: PipelineFile = serde_json::from_str(include_str!("../../../../../scenarios/startup-pipeline.json")).expect("it is shipped");
        file.pipeline
    }

    #[test]
    fn the_text_and_the_form_say_the_same() {
        let mut draft = Draft::new(shipped());
        assert!(!draft.is_broken() && draft.found().is_empty());
        draft.text = draft.text.replace("\"Integration\"", "\"Acceptance\"");
        draft.read();
        assert_eq!(draft.pipeline().stages[2].actions[0].name, "Acceptance");
        let mut pipeline = draft.pipeline().clone();
        pipeline.stages[1].name = "Compile".to_owned();
        draft.set(pipeline.clone());
        assert!(draft.text.contains("\"name\": \"Compile\""));
        let text = draft.text.clone();
        draft.read();
        assert_eq!((draft.pipeline(), &draft.text), (&pipeline, &text), "what is printed is read back as it was");
    }

    #[test]
    fn a_broken_text_keeps_the_last_good_declaration_and_says_where() {
        let mut draft = Draft::new(shipped());
        draft.text = draft.text.replacen("\"stages\": [", "\"stages\": [ oops", 1);
        draft.read();
        let line = draft.text.lines().position(|line| line.contains("oops")).expect("it is there") + 1;
        assert_eq!(draft.broken().map(|broken| broken.line), Some(line));
        assert_eq!(*draft.pipeline(), shipped());
        draft.restore();
        assert!(!draft.is_broken() && draft.text.contains("BuildAndUnitTest"));
    }

    #[test]
    fn a_mistake_is_found_on_its_line() {
        let mut draft = Draft::new(shipped());
        let mut pipeline = shipped();
        pipeline.stages[3].actions[0].input_artifacts[0].name = "Imaeg".to_owned();
        draft.set(pipeline);
        let [found] = draft.found() else { panic!("{:?}", draft.found()) };
        assert_eq!(found.path, "stages[3].actions[0].inputArtifacts[0].name");
        assert!(draft.text.lines().nth(found.line - 1).expect("a line").contains("Imaeg"));
        assert_eq!(draft.errors(), 1);
    }

    #[test]
    fn mistakes_are_listed_from_the_first_line_on_and_actions_have_lines() {
        let mut pipeline = shipped();
        pipeline.stages[3].actions[0].input_artifacts[0].name = "Imaeg".to_owned();
        pipeline.stages[1].name = "not a name".to_owned();
        pipeline.name = String::new();
        let draft = Draft::new(pipeline);
        let lines: Vec<usize> = draft.found().iter().map(|found| found.line).collect();
        assert!(lines.len() >= 3 && lines.is_sorted(), "{lines:?}");
        let line = draft.line_of((1, 0));
        let action: String = draft.text.lines().skip(line - 1).take(2).collect();
        assert!(action.contains("BuildAndUnitTest"), "{action}");
    }

    #[test]
    fn a_stage_that_was_closed_from_the_beginning_stays_so() {
        let mut pipeline = shipped();
        pipeline.stages[3].inbound_disabled = Some("not yet".to_owned());
        let mut draft = Draft::new(pipeline.clone());
        draft.read();
        assert_eq!(*draft.pipeline(), pipeline);
    }
}
