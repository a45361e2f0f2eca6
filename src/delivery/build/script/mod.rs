//! Shell scripts as trees: which simple commands there are, and what decides whether each runs.
//!
//! Split are lists (`;`, newlines), `&&`, `||`, pipes, `!`, `&`, groups, functions, `if`, `for`, `while`, `until` and
//! `case`; words know their variables and command substitutions. Redirections and here-documents are skipped, arithmetic
//! and parameter expansions other than defaults stay as they are written. Whatever cannot be split is one command after
//! the other: a parse never fails, because a build must not fail for a reason that the real shell would not have.
//!
//! Nothing here knows what a command does or how long it takes. To split something new, add a variant of [`Node`], its
//! rule in `parse`, and its meaning where builds are walked through.

mod lex;
mod parse;

/// How deep scripts nest, substitutions included; deeper ones are not looked into.
pub const MOST_NESTING: usize = 16;

/// A script or a part of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// One command with its words.
    Simple(Simple),
    /// One after the other; the last one's status counts.
    Sequence(Vec<Node>),
    /// The second only if the first succeeds.
    And(Box<Node>, Box<Node>),
    /// The second only if the first fails.
    Or(Box<Node>, Box<Node>),
    /// All at the same time; the last one's status counts.
    Pipe(Vec<Node>),
    /// Its status turned round.
    Not(Box<Node>),
    /// Nobody waits for it.
    Background(Box<Node>),
    /// Conditions and what follows from each; then what follows if none holds.
    If(Vec<(Node, Node)>, Option<Box<Node>>),
    /// Something several times.
    Loop(Loop),
    /// What follows from each pattern.
    Case(Vec<Node>),
    /// A function; nothing runs until it is called.
    Function(String, Box<Node>),
}

/// Something several times.
#[derive(Debug, Clone, PartialEq)]
pub struct Loop {
    /// The words of a `for`; `None` where only the shell knows them.
    pub items: Option<u32>,
    /// The condition of a `while` or an `until`.
    pub condition: Option<Box<Node>>,
    /// What is done each time.
    pub body: Box<Node>,
}

/// One command.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Simple {
    /// Variables that are set before it, or by it if there are no words.
    pub assignments: Vec<(String, Word)>,
    /// The command and its arguments.
    pub words: Vec<Word>,
    /// Whether what it prints goes elsewhere than into the log.
    pub silent: bool,
}

/// One word, without its quotes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Word {
    /// Its parts from left to right.
    pub parts: Vec<Part>,
    /// Whether nothing in it was quoted.
    pub bare: bool,
}

/// A part of a word.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Plain text.
    Text(String),
    /// A variable, and what to use where it is not set.
    Variable(String, Option<String>),
    /// A command whose output stands here.
    Substitution(String),
    /// Something that only the shell knows, as it is written.
    Opaque(String),
}

/// Splits a script.
pub fn parse(script: &str) -> Node {
    parse::Parser::new(lex::tokens(script)).script()
}

impl Word {
    /// The word as it is written, without its quotes.
    pub fn written(&self) -> String {
        self.parts.iter().map(Part::written).collect()
    }

    /// The scripts in it whose output is used.
    pub fn substitutions(&self) -> impl Iterator<Item = &str> {
        self.parts.iter().filter_map(|part| match part {
            Part::Substitution(script) => Some(script.as_str()),
            _ => None,
        })
    }

    /// What it becomes, if everything in it is known. `value` knows variables.
    pub fn expanded(&self, value: impl Fn(&str) -> Option<String>) -> Option<String> {
        self.parts
            .iter()
            .map(|part| match part {
                Part::Text(text) => Some(text.clone()),
                Part::Variable(name, default) => value(name).or_else(|| default.clone()),
                Part::Substitution(_) | Part::Opaque(_) => None,
            })
            .collect()
    }
}

impl Part {
    fn written(&self) -> String {
        match self {
            Self::Text(text) | Self::Opaque(text) => text.clone(),
            Self::Variable(name, None) => format!("${name}"),
            Self::Variable(name, Some(default)) => format!("${{{name}:-{default}}}"),
            Self::Substitution(script) => format!("$({script})"),
        }
    }
}

impl Simple {
    /// The command as it is written, without quotes and redirections.
    pub fn written(&self) -> String {
        let assignments = self.assignments.iter().map(|(name, value)| format!("{name}={}", value.written()));
        let words = self.words.iter().map(Word::written);
        assignments.chain(words).collect::<Vec<_>>().join(" ")
    }

    /// The scripts in it whose output is used.
    pub fn substitutions(&self) -> impl Iterator<Item = &str> {
        self.assignments.iter().map(|(_, value)| value).chain(&self.words).flat_map(Word::substitutions)
    }
}

impl Node {
    /// Shows every simple command, also those in branches that may not run, but not those in substitutions.
    pub fn each_simple(&self, see: &mut impl FnMut(&Simple)) {
        match self {
            Self::Simple(simple) => see(simple),
            Self::Sequence(nodes) | Self::Pipe(nodes) | Self::Case(nodes) => nodes.iter().for_each(|node| node.each_simple(see)),
            Self::And(first, second) | Self::Or(first, second) => {
                first.each_simple(see);
                second.each_simple(see);
            }
            Self::Not(node) | Self::Background(node) | Self::Function(_, node) => node.each_simple(see),
            Self::If(arms, otherwise) => {
                for (condition, body) in arms {
                    condition.each_simple(see);
                    body.each_simple(see);
                }
                if let Some(body) = otherwise {
                    body.each_simple(see);
                }
            }
            Self::Loop(repeated) => {
                if let Some(condition) = &repeated.condition {
                    condition.each_simple(see);
                }
                repeated.body.each_simple(see);
            }
        }
    }

    /// Whether it gives up on purpose: somewhere on the way that is always taken it exits with a failure.
    pub fn gives_up(&self) -> bool {
        match self {
            Self::Simple(simple) => {
                let words: Vec<String> = simple.words.iter().take(2).map(Word::written).collect();
                match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                    ["false"] => true,
                    ["exit" | "return", code] => code != "0" && code != "$?",
                    _ => false,
                }
            }
            Self::Sequence(nodes) => nodes.iter().any(Self::gives_up),
            Self::And(first, second) => first.gives_up() || second.gives_up(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every simple command in order, as it is written.
    fn commands(script: &str) -> Vec<String> {
        let mut all = Vec::new();
        parse(script).each_simple(&mut |simple| all.push(simple.written()));
        all
    }

    #[test]
    fn lists_and_pipes_are_split_outside_quotes_only() {
        for (script, expected) in [
            ("a && b || c; d", vec!["a", "b", "c", "d"]),
            ("a | b |& c & d", vec!["a", "b", "c", "d"]),
            ("echo 'a && b; c' \"d | e\"", vec!["echo a && b; c d | e"]),
            ("a \\\n  b\nc # not this && that", vec!["a b", "c"]),
            ("a#b", vec!["a#b"]),
            ("make test 2>&1 | tee -a log > /dev/null", vec!["make test", "tee -a log"]),
            ("X=1 Y='2 3' cmd arg", vec!["X=1 Y=2 3 cmd arg"]),
            ("cat <<EOF > file\nrm -rf / && no\nEOF\nafter", vec!["cat", "after"]),
            ("(cd x && make) ; { a; b; }", vec!["cd x", "make", "a", "b"]),
            ("! grep x y", vec!["grep x y"]),
        ] {
            assert_eq!(commands(script), expected, "{script}");
        }
    }

    #[test]
    fn blocks_show_their_conditions_and_bodies() {
        for (script, expected) in [
            ("if a; then b; elif c; then d; else e; fi; f", vec!["a", "b", "c", "d", "e", "f"]),
            ("for x in 1 2 $(ls); do\n  a $x\ndone\nb", vec!["a $x", "b"]),
            ("while a; do b; done", vec!["a", "b"]),
            ("case $(uname -m) in\n x86_64) a ;;\n arm|aarch64) b; c ;; esac; d", vec!["a", "b", "c", "d"]),
            ("go() { a; b; }\ngo", vec!["a", "b", "go"]),
            ("function go { a; }; b", vec!["a", "b"]),
            ("make && { a\n exit 0\n} || { b\n exit 1\n}", vec!["make", "a", "exit 0", "b", "exit 1"]),
        ] {
            assert_eq!(commands(script), expected, "{script}");
        }
    }

    #[test]
    fn words_know_their_variables_and_substitutions() {
        let Node::Simple(simple) = parse("docker tag \"$REPO:${TAG:-latest}\" x$(date '+%d (%m)')-`id -u` ${A#b} $((1 + 2))") else { panic!("one command") };
        let [_, _, image, stamp, opaque, sum] = &simple.words[..] else { panic!("six words: {simple:?}") };
        assert_eq!(image.expanded(|name| (name == "REPO").then(|| "r".to_owned())).as_deref(), Some("r:latest"));
        assert_eq!(stamp.substitutions().collect::<Vec<_>>(), ["date '+%d (%m)'", "id -u"]);
        assert_eq!((opaque.written(), sum.written()), ("${A#b}".to_owned(), "$((1 + 2))".to_owned()));
        assert_eq!(opaque.expanded(|_| Some("x".to_owned())), None);
        let Node::Simple(literal) = parse("echo '$HOME'") else { panic!("one command") };
        assert_eq!(literal.words[1].expanded(|_| None).as_deref(), Some("$HOME"), "single quotes keep a dollar");
    }

    #[test]
    fn loops_count_their_words_where_they_can() {
        let items = |script: &str| match parse(script) {
            Node::Loop(repeated) => repeated.items,
            other => panic!("{other:?}"),
        };
        assert_eq!(items("for x in a b c; do d; done"), Some(3));
        assert_eq!(items("for x in *.md5 a; do d; done"), None);
        assert_eq!(items("for x in $FILES; do d; done"), None);
    }

    #[test]
    fn giving_up_is_seen_where_it_is_certain() {
        for (script, expected) in [
            ("echo no; exit 1", true),
            ("exit 0", false),
            ("exit $?", false),
            ("a || exit 1", false),
            ("echo x && exit 2", true),
            ("if a; then exit 1; fi", false),
            ("false", true),
        ] {
            assert_eq!(parse(script).gives_up(), expected, "{script}");
        }
    }

    #[test]
    fn broken_scripts_are_still_commands() {
        for script in [
            "if a; then b",
            "fi; done; a",
            "a 'open",
            "$(a",
            "`",
            "${",
            "((",
            ")",
            "case x in",
            "for",
            "a && ",
            "|| a",
            "{ a",
            "}",
            "a <<EOF",
            "x=(1 2",
            "function",
            "f() ",
        ] {
            let _whatever = parse(script);
        }
        assert_eq!(commands("fi; a"), ["a"]);
        let deep = format!("{}a{}", "(".repeat(5_000), ")".repeat(5_000));
        let _shallow = parse(&deep);
        let _quoted = parse(&"$(".repeat(10_000));
    }

    proptest::proptest! {
        #[test]
        fn no_script_is_too_strange(script in "[a-z'\"$(){}\\[\\]`;&|<>\\\\ \n#=!-]{0,200}") {
            let _whatever = parse(&script);
        }
    }
}
