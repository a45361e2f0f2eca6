//! One command in a shell: its variables, the shell's own commands, and programs.
//!
//! Knows values as far as they can be known. A command of the shell's own is an arm of [`Shell::simple`].

use super::{MOST_CALLS, MOST_STEPS, Outcome, Shell, Stop, Value};
use crate::delivery::build::command::{self, Context, Task};
use crate::delivery::build::findings::{Failure, Met};
use crate::delivery::build::script::{self, Part, Simple, Word};
use crate::delivery::build::timeline::{LINES_PER_COMMAND, StepRecord, one_line};
use crate::units::{Ratio, SimSpan};

impl Shell<'_> {
    fn value(&self, name: &str) -> Option<String> {
        match self.variables.get(name) {
            Some(Value::Known(value)) => Some(value.clone()),
            _ => None,
        }
    }

    fn expanded(&self, word: &Word) -> Option<String> {
        word.expanded(|name| self.value(name))
    }

    fn assign(&mut self, name: &str, value: Option<String>) {
        self.variables.insert(name.to_owned(), value.map_or(Value::Unknown, Value::Known));
    }

    /// Runs a script within another one, such as a substitution's. Where too many are within each other, nothing runs.
    fn inner(&mut self, text: &str) -> Result<Outcome, Stop> {
        if self.calls >= MOST_CALLS {
            return Ok(Outcome::SUCCESS);
        }
        self.calls += 1;
        let outcome = self.walk(&script::parse(text));
        self.calls -= 1;
        outcome
    }

    pub(super) fn simple(&mut self, simple: &Simple) -> Result<Outcome, Stop> {
        let mut outcome = Outcome::SUCCESS;
        for script in simple.substitutions().map(str::to_owned).collect::<Vec<_>>() {
            // A substitution is a shell of its own: leaving it leaves nothing else.
            self.deciding += 1;
            let result = self.inner(&script);
            self.deciding -= 1;
            outcome = match result {
                Err(Stop::Exit(status)) => Outcome::of(status),
                result => result?,
            };
        }
        let values: Vec<(String, Option<String>)> = simple.assignments.iter().map(|(name, value)| (name.clone(), self.expanded(value))).collect();
        if simple.words.is_empty() {
            for (name, value) in values {
                self.assign(&name, value);
            }
            // The status of an assignment is that of what it asked.
            return Ok(outcome);
        }
        let words = self.words(simple);
        let Some(first) = words.first().map(String::as_str) else { return Ok(outcome) };
        match first {
            "exit" | "return" => {
                let status = words.get(1).map_or(self.last, |word| word.parse().unwrap_or(self.last));
                return if first == "exit" { Err(Stop::Exit(status)) } else { Ok(Outcome::of(status)) };
            }
            "true" | ":" => return Ok(Outcome::SUCCESS),
            "false" => return Ok(Outcome::of(1)),
            "set" => {
                for pair in words.windows(2) {
                    self.pipe_fail |= pair[1] == "pipefail" && pair[0].starts_with('-');
                }
                let letters = |sign| words[1..].iter().filter(move |word| word.starts_with(sign) && word.len() < 6).any(|word| word.contains('e'));
                self.exit_on_error = (self.exit_on_error || letters('-')) && !letters('+');
            }
            "export" | "declare" | "local" | "readonly" => {
                for word in &simple.words[1..] {
                    if let Some((name, value)) = export(word) {
                        let value = self.expanded(&value);
                        self.assign(&name, value);
                    }
                }
            }
            "[" | "[[" | "test" => {
                let values: Vec<Option<String>> = simple.words[1..].iter().map(|word| self.expanded(word)).collect();
                return Ok(answer(&values).map_or(Outcome { status: 0, certain: false }, |holds| Outcome::of(i32::from(!holds))));
            }
            "bash" | "sh" | "zsh" | "eval" => {
                let script = words.iter().position(|word| word.starts_with('-') && word.contains('c')).map(|at| at + 1).or((first == "eval").then_some(1));
                if let Some(text) = script.and_then(|at| words.get(at)).cloned() {
                    return match self.inner(&text) {
                        Err(Stop::Exit(status)) if first != "eval" => Ok(Outcome::of(status)),
                        result => result,
                    };
                }
            }
            name => {
                if self.calls < MOST_CALLS
                    && let Some(body) = self.functions.get(name).cloned()
                {
                    self.calls += 1;
                    let result = self.walk(&body);
                    self.calls -= 1;
                    return result;
                }
            }
        }
        // A command that is a substitution runs what that prints; the one that everybody uses logs in to a registry.
        if let [Word { parts, .. }, ..] = &simple.words[..]
            && let [Part::Substitution(script)] = &parts[..]
        {
            if !script.contains("get-login") {
                return Ok(outcome);
            }
            return self.program(&["docker".to_owned(), "login".to_owned()], simple);
        }
        self.program(&words, simple)
    }

    /// The words as they reach a program. What is not known stays as it is written.
    fn words(&self, simple: &Simple) -> Vec<String> {
        let mut words = Vec::new();
        for word in &simple.words {
            match (self.expanded(word), &word.parts[..]) {
                // An unquoted variable becomes as many words as are in it.
                (Some(text), [Part::Variable(..)]) if word.bare => words.extend(text.split_whitespace().map(str::to_owned)),
                (Some(text), _) => words.push(text),
                (None, _) => words.push(word.written()),
            }
        }
        words
    }

    /// A program runs.
    fn program(&mut self, words: &[String], simple: &Simple) -> Result<Outcome, Stop> {
        self.ran += 1;
        self.steps_of_command += 1;
        if self.ran > MOST_STEPS {
            self.write("[Fleetlab] more programs than a simulated build runs");
            return Err(Stop::Exit(1));
        }
        let plain: Vec<&str> = words.iter().map(String::as_str).collect();
        let found = command::recognise(&plain);
        let (task, known_words): (&'static Task, &[&str]) = found.as_ref().map_or((&command::UNKNOWN, &plain), |found| (found.task, &found.words));
        let repeat = self.repeats.entry(task.name).or_default();
        let context = Context {
            model: self.plan.model,
            project: self.plan.project,
            machine: self.plan.machine,
            hits: self.hits,
            touched: self.plan.touched,
            shard: self.plan.shard,
            stream: self.plan.stream,
            repeat: *repeat,
            words: known_words,
        };
        *repeat += 1;
        let text = one_line(&simple.written());
        let time = self.plan.model.time(&(task.work)(&context), self.plan.machine.cores(), self.stream.child(self.steps_of_command));
        let shard = self.plan.shard.filter(|_| task.name == "codebuild-tests-run");
        let mut finding = self.findings.meet(&Met {
            phase: self.phase,
            text: &text,
            task,
            project: self.plan.project,
            number: self.ran,
            shard,
            retries: command::retries(&plain),
        });
        if task.daemon && !self.plan.has_docker() {
            let message = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock".to_owned();
            finding.failure = Some(Failure { message, exit: 1, after: Ratio::ZERO });
        }
        let share = finding.failure.as_ref().map_or(1.0, |failure| failure.after.get());
        let begin = self.now;
        self.now = begin + SimSpan::from_secs_f64(time.as_secs_f64() * share) + finding.extra;
        let late = self.now > self.deadline;
        self.now = self.now.min(self.deadline);
        let exit = finding.failure.as_ref().map_or(0, |failure| failure.exit);
        if self.steps.len() < LINES_PER_COMMAND {
            self.steps.push(StepRecord { text, task: task.name, begin, end: self.now, exit });
        }
        if late {
            return Err(Stop::Timeout);
        }
        if !simple.silent {
            let said = if task.name == "echo" {
                vec![self.echo(simple)]
            } else if exit == 0 {
                (task.says)(&context)
            } else {
                Vec::new()
            };
            for line in said.iter().chain(&finding.lines).chain(finding.failure.as_ref().map(|failure| &failure.message)) {
                self.write(line);
            }
        }
        Ok(Outcome { status: exit, certain: !task.asks || exit != 0 })
    }

    fn write(&mut self, line: &str) {
        if self.lines_left > 0 {
            self.lines_left -= 1;
            self.log.add(self.now, line);
        }
    }

    /// What `echo` prints: values where they are known, stars where they are secret.
    fn echo(&self, simple: &Simple) -> String {
        let shown = |word: &Word| -> String {
            word.parts
                .iter()
                .map(|part| match part {
                    Part::Text(text) | Part::Opaque(text) => text.clone(),
                    Part::Variable(name, default) => match (self.variables.get(name), default) {
                        (Some(Value::Known(value)), _) => value.clone(),
                        (Some(Value::Secret), _) => "***".to_owned(),
                        (None, Some(default)) => default.clone(),
                        _ => format!("${name}"),
                    },
                    Part::Substitution(script) => format!("$({script})"),
                })
                .collect()
        };
        simple.words[1..].iter().map(shown).collect::<Vec<_>>().join(" ")
    }
}

/// The name and value of `export NAME=value`.
fn export(word: &Word) -> Option<(String, Word)> {
    let Some(Part::Text(first)) = word.parts.first() else { return None };
    let (name, rest) = first.split_once('=')?;
    let mut parts = word.parts.clone();
    parts[0] = Part::Text(rest.to_owned());
    Some((name.to_owned(), Word { parts, bare: word.bare }))
}

/// What `[ … ]` answers, if every value in it is known and it asks for nothing but values.
fn answer(words: &[Option<String>]) -> Option<bool> {
    let words: Option<Vec<&str>> = words.iter().map(|word| word.as_deref()).collect();
    let mut words = words?;
    if matches!(words.last(), Some(&("]" | "]]"))) {
        words.pop();
    }
    let number = |text: &str| text.parse::<i64>().ok();
    match words[..] {
        ["!", ref rest @ ..] => answer(&rest.iter().map(|word| Some((*word).to_owned())).collect::<Vec<_>>()).map(|holds| !holds),
        ["-z", text] => Some(text.is_empty()),
        ["-n", text] => Some(!text.is_empty()),
        [one, "=" | "==", other] => Some(one == other),
        [one, "!=", other] => Some(one != other),
        [one, "-eq", other] => Some(number(one)? == number(other)?),
        [one, "-ne", other] => Some(number(one)? != number(other)?),
        [one, "-lt", other] => Some(number(one)? < number(other)?),
        [one, "-le", other] => Some(number(one)? <= number(other)?),
        [one, "-gt", other] => Some(number(one)? > number(other)?),
        [one, "-ge", other] => Some(number(one)? >= number(other)?),
        _ => None,
    }
}
