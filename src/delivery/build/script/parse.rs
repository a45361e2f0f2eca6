//! Tokens to a tree, by recursive descent that never gives up: what does not fit is skipped.
//!
//! Knows the shell's blocks and not what commands do. To know a new block, add its word to [`Parser::command`].

use super::lex::{Operator, Token};
use super::{Loop, MOST_NESTING, Node, Part, Simple, Word};

/// Words that end a block or a part of it.
const CLOSING: [&str; 8] = ["then", "else", "elif", "fi", "do", "done", "esac", "}"];

pub(super) struct Parser {
    tokens: Vec<Token>,
    at: usize,
    depth: usize,
}

impl Parser {
    pub(super) fn new(tokens: Vec<Token>) -> Self {
        Self { tokens, at: 0, depth: 0 }
    }

    pub(super) fn script(mut self) -> Node {
        let mut all = Vec::new();
        while self.at < self.tokens.len() {
            let before = self.at;
            match self.list() {
                Node::Sequence(nodes) => all.extend(nodes),
                node => all.push(node),
            }
            // Whatever stopped the list belongs to no block here.
            if self.at == before {
                self.at += 1;
            }
        }
        one_or(all, Node::Sequence)
    }

    fn operator(&self) -> Option<Operator> {
        match self.tokens.get(self.at) {
            Some(Token::Operator(operator)) => Some(*operator),
            _ => None,
        }
    }

    /// The word here, if it is bare and may be one of the shell's own.
    fn own_word(&self) -> Option<String> {
        match self.tokens.get(self.at) {
            Some(Token::Word(word)) if word.bare && matches!(word.parts[..], [Part::Text(_)]) => Some(word.written()),
            _ => None,
        }
    }

    fn skip_word(&mut self, expected: &str) -> bool {
        let found = self.own_word().is_some_and(|word| word == expected);
        self.at += usize::from(found);
        found
    }

    fn skip_ends(&mut self) {
        while self.operator() == Some(Operator::End) {
            self.at += 1;
        }
    }

    fn is_closing(&self) -> bool {
        matches!(self.operator(), Some(Operator::Close | Operator::EndOfCase)) || self.own_word().is_some_and(|word| CLOSING.contains(&word.as_str()))
    }

    /// Commands up to what closes the block.
    fn list(&mut self) -> Node {
        let mut nodes = Vec::new();
        loop {
            self.skip_ends();
            if self.at >= self.tokens.len() || self.is_closing() {
                return one_or(nodes, Node::Sequence);
            }
            let before = self.at;
            let node = self.and_or();
            if self.operator() == Some(Operator::Background) {
                self.at += 1;
                nodes.push(Node::Background(Box::new(node)));
            } else {
                nodes.push(node);
            }
            if self.at == before {
                self.at += 1;
            }
        }
    }

    fn and_or(&mut self) -> Node {
        let mut node = self.pipeline();
        loop {
            let make: fn(Box<Node>, Box<Node>) -> Node = match self.operator() {
                Some(Operator::And) => Node::And,
                Some(Operator::Or) => Node::Or,
                _ => return node,
            };
            self.at += 1;
            self.skip_ends();
            let next = self.pipeline();
            node = make(Box::new(node), Box::new(next));
        }
    }

    fn pipeline(&mut self) -> Node {
        let negated = self.skip_word("!");
        let mut nodes = vec![self.command()];
        while self.operator() == Some(Operator::Pipe) {
            self.at += 1;
            self.skip_ends();
            nodes.push(self.command());
        }
        let node = one_or(nodes, Node::Pipe);
        if negated { Node::Not(Box::new(node)) } else { node }
    }

    fn command(&mut self) -> Node {
        if self.depth >= MOST_NESTING {
            return self.simple();
        }
        self.depth += 1;
        let node = match (self.operator(), self.own_word().as_deref()) {
            (Some(Operator::Open), _) => {
                self.at += 1;
                let body = self.list();
                self.at += usize::from(self.operator() == Some(Operator::Close));
                body
            }
            (_, Some("{")) => {
                self.at += 1;
                let body = self.list();
                self.skip_word("}");
                body
            }
            (_, Some("if")) => self.conditional(),
            (_, Some("for" | "select")) => self.counted(),
            (_, Some("while" | "until")) => {
                self.at += 1;
                let condition = Some(Box::new(self.list()));
                Node::Loop(Loop { items: None, condition, body: Box::new(self.body()) })
            }
            (_, Some("case")) => self.cases(),
            (_, Some("function")) => {
                self.at += 1;
                self.function()
            }
            (_, Some(_)) if self.tokens[self.at + 1..].starts_with(&[Token::Operator(Operator::Open), Token::Operator(Operator::Close)]) => self.function(),
            _ => self.simple(),
        };
        self.depth -= 1;
        node
    }

    fn conditional(&mut self) -> Node {
        let mut arms = Vec::new();
        let mut otherwise = None;
        while self.skip_word(if arms.is_empty() { "if" } else { "elif" }) {
            let condition = self.list();
            self.skip_word("then");
            arms.push((condition, self.list()));
        }
        if self.skip_word("else") {
            otherwise = Some(Box::new(self.list()));
        }
        self.skip_word("fi");
        Node::If(arms, otherwise)
    }

    /// `for name in words; do … done`
    fn counted(&mut self) -> Node {
        self.at += 1;
        let mut words = Vec::new();
        while let Some(Token::Word(word)) = self.tokens.get(self.at) {
            words.push(word.clone());
            self.at += 1;
        }
        let items = words.get(2..).filter(|_| words[1].written() == "in").map(|words| {
            let known = |word: &Word| matches!(word.parts[..], [Part::Text(_)]) && !(word.bare && word.written().contains(['*', '?', '[', '{']));
            words.iter().all(known).then_some(words.len() as u32)
        });
        // A C-style loop has its head in brackets.
        while matches!(self.operator(), Some(Operator::Open | Operator::Close))
            || matches!(self.tokens.get(self.at), Some(Token::Word(_))) && self.own_word().as_deref() != Some("do")
        {
            self.at += 1;
        }
        Node::Loop(Loop { items: items.flatten(), condition: None, body: Box::new(self.body()) })
    }

    /// `do … done`
    fn body(&mut self) -> Node {
        self.skip_ends();
        self.skip_word("do");
        let body = self.list();
        self.skip_word("done");
        body
    }

    fn cases(&mut self) -> Node {
        self.at += 1;
        while self.at < self.tokens.len() && !self.skip_word("in") {
            self.at += 1;
        }
        let mut arms = Vec::new();
        loop {
            self.skip_ends();
            if self.at >= self.tokens.len() || self.skip_word("esac") {
                return Node::Case(arms);
            }
            // The pattern, up to its bracket.
            while self.at < self.tokens.len() && self.operator() != Some(Operator::Close) {
                self.at += 1;
            }
            self.at += 1;
            arms.push(self.list());
            if self.operator() == Some(Operator::EndOfCase) {
                self.at += 1;
            } else if self.own_word().as_deref() != Some("esac") {
                // Something that closes another block: this one is broken off.
                return Node::Case(arms);
            }
        }
    }

    fn function(&mut self) -> Node {
        let name = self.own_word().unwrap_or_default();
        self.at += 1;
        while matches!(self.operator(), Some(Operator::Open | Operator::Close | Operator::End)) && self.own_word().as_deref() != Some("{") {
            self.at += 1;
        }
        Node::Function(name, Box::new(self.command()))
    }

    fn simple(&mut self) -> Node {
        let mut simple = Simple::default();
        loop {
            match self.tokens.get(self.at) {
                Some(Token::Word(word)) => {
                    match assignment(word) {
                        Some(assignment) if simple.words.is_empty() => {
                            simple.assignments.push(assignment);
                            self.at += 1;
                            self.skip_array();
                            continue;
                        }
                        _ => simple.words.push(word.clone()),
                    }
                    self.at += 1;
                }
                Some(Token::Silent) => {
                    simple.silent = true;
                    self.at += 1;
                }
                // A bracket in the middle of a command is an oddity; alone it would keep the parser where it is.
                Some(Token::Operator(Operator::Open)) => {
                    self.at += 1;
                }
                _ => return Node::Simple(simple),
            }
        }
    }

    /// The rest of `NAME=(a b c)`.
    fn skip_array(&mut self) {
        if self.operator() == Some(Operator::Open) {
            while self.at < self.tokens.len() && self.operator() != Some(Operator::Close) {
                self.at += 1;
            }
            self.at += 1;
        }
    }
}

/// A word of the form `NAME=value`.
fn assignment(word: &Word) -> Option<(String, Word)> {
    let Some(Part::Text(first)) = word.parts.first() else { return None };
    let (name, rest) = first.split_once('=')?;
    let name = name.strip_suffix('+').unwrap_or(name);
    let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    if !is_name {
        return None;
    }
    let mut parts = word.parts.clone();
    if rest.is_empty() {
        parts.remove(0);
    } else {
        parts[0] = Part::Text(rest.to_owned());
    }
    Some((name.to_owned(), Word { parts, bare: word.bare }))
}

/// The only node of several, or all of them together.
fn one_or(mut nodes: Vec<Node>, together: fn(Vec<Node>) -> Node) -> Node {
    match nodes.len() {
        1 => nodes.swap_remove(0),
        _ => together(nodes),
    }
}
