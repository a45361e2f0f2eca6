//! Characters to tokens: words with their parts, operators, ends of lines.
//!
//! Knows quoting and nothing of blocks. To know a new operator, add it to [`Operator`] and to [`Lexer::operator`].

use super::{Part, Word};

/// A token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Word(Word),
    Operator(Operator),
    /// Something is redirected; what it prints goes elsewhere.
    Silent,
}

/// What stands between commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    /// `;` or the end of a line.
    End,
    /// `;;` and its kin.
    EndOfCase,
    And,
    Or,
    Pipe,
    Background,
    Open,
    Close,
}

/// The tokens of a script.
pub(super) fn tokens(script: &str) -> Vec<Token> {
    let mut lexer = Lexer { text: script.chars().collect(), at: 0, here: Vec::new(), tokens: Vec::new() };
    lexer.run();
    lexer.tokens
}

struct Lexer {
    text: Vec<char>,
    at: usize,
    /// Delimiters of here-documents whose text begins on the next line.
    here: Vec<String>,
    tokens: Vec<Token>,
}

impl Lexer {
    fn peek(&self, ahead: usize) -> Option<char> {
        self.text.get(self.at + ahead).copied()
    }

    fn run(&mut self) {
        while let Some(c) = self.peek(0) {
            match c {
                '\n' => {
                    self.at += 1;
                    self.tokens.push(Token::Operator(Operator::End));
                    self.skip_here_documents();
                }
                c if c.is_whitespace() => self.at += 1,
                '\\' if self.peek(1) == Some('\n') => self.at += 2,
                '#' => self.skip_line(),
                ';' | '&' | '|' | '(' | ')' => self.operator(c),
                '<' | '>' if self.peek(1) != Some('(') => self.redirection(),
                _ => {
                    let word = self.word();
                    // A number right before `>` says which output it is.
                    let number = word.bare && matches!(self.peek(0), Some('<' | '>')) && word.written().bytes().all(|byte| byte.is_ascii_digit());
                    if !number {
                        self.tokens.push(Token::Word(word));
                    }
                }
            }
        }
    }

    fn operator(&mut self, first: char) {
        let (operator, length) = match (first, self.peek(1)) {
            (';', Some(';')) => (Operator::EndOfCase, if self.peek(2) == Some('&') { 3 } else { 2 }),
            (';', Some('&')) => (Operator::EndOfCase, 2),
            (';', _) => (Operator::End, 1),
            ('&', Some('&')) => (Operator::And, 2),
            ('&', Some('>')) => {
                self.at += 1;
                return self.redirection();
            }
            ('&', _) => (Operator::Background, 1),
            ('|', Some('|')) => (Operator::Or, 2),
            ('|', Some('&')) => (Operator::Pipe, 2),
            ('|', _) => (Operator::Pipe, 1),
            ('(', _) => (Operator::Open, 1),
            _ => (Operator::Close, 1),
        };
        self.at += length;
        self.tokens.push(Token::Operator(operator));
    }

    /// Skips `> file`, `2>&1`, `<<EOF` and the like.
    fn redirection(&mut self) {
        let output = self.peek(0) == Some('>');
        let start = self.at;
        while self.at < start + 3 && matches!(self.peek(0), Some('<' | '>' | '&' | '|')) {
            self.at += 1;
        }
        let here = self.text[start..self.at] == ['<', '<'];
        if here && self.peek(0) == Some('-') {
            self.at += 1;
        }
        while matches!(self.peek(0), Some(' ' | '\t')) {
            self.at += 1;
        }
        if !matches!(self.peek(0), None | Some('\n' | ';' | '&' | '|' | '(' | ')' | '<' | '>')) {
            let target = self.word().written();
            if here {
                self.here.push(target);
            } else if output && target != "1" && target != "2" {
                self.tokens.push(Token::Silent);
            }
        }
    }

    fn skip_line(&mut self) {
        while self.peek(0).is_some_and(|c| c != '\n') {
            self.at += 1;
        }
    }

    fn skip_here_documents(&mut self) {
        for delimiter in std::mem::take(&mut self.here) {
            while self.at < self.text.len() {
                let start = self.at;
                self.skip_line();
                let line: String = self.text[start..self.at].iter().collect();
                self.at = (self.at + 1).min(self.text.len());
                if line.trim() == delimiter {
                    break;
                }
            }
        }
    }

    fn word(&mut self) -> Word {
        let mut word = Builder { parts: Vec::new(), text: String::new(), bare: true };
        while let Some(c) = self.peek(0) {
            match c {
                c if c.is_whitespace() => break,
                ';' | '&' | '|' | '(' | ')' => break,
                '<' | '>' => {
                    if self.peek(1) != Some('(') {
                        break;
                    }
                    self.at += 2;
                    let script = self.until_close('(', ')');
                    word.part(Part::Substitution(script));
                }
                '\'' => {
                    word.bare = false;
                    self.at += 1;
                    while let Some(c) = self.next() {
                        if c == '\'' {
                            break;
                        }
                        word.text.push(c);
                    }
                }
                '"' => {
                    word.bare = false;
                    self.at += 1;
                    self.quoted(&mut word);
                }
                _ => self.piece(&mut word),
            }
        }
        word.finish()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek(0)?;
        self.at += 1;
        Some(c)
    }

    /// The inside of double quotes, up to their end.
    fn quoted(&mut self, word: &mut Builder) {
        while let Some(c) = self.peek(0) {
            match c {
                '"' => {
                    self.at += 1;
                    return;
                }
                // Inside double quotes a backslash stays unless it takes a meaning away.
                '\\' if !matches!(self.peek(1), Some('$' | '`' | '"' | '\\' | '\n')) => {
                    word.text.push(c);
                    self.at += 1;
                }
                _ => self.piece(word),
            }
        }
    }

    /// What means the same inside and outside of double quotes.
    fn piece(&mut self, word: &mut Builder) {
        match self.next() {
            Some('\\') => match self.next() {
                Some('\n') | None => {}
                Some(c) => word.text.push(c),
            },
            Some('`') => {
                let mut script = String::new();
                while let Some(c) = self.next() {
                    match c {
                        '`' => break,
                        '\\' if matches!(self.peek(0), Some('`' | '\\' | '$')) => script.extend(self.next()),
                        c => script.push(c),
                    }
                }
                word.part(Part::Substitution(script));
            }
            Some('$') => self.dollar(word),
            Some(c) => word.text.push(c),
            None => {}
        }
    }

    fn dollar(&mut self, word: &mut Builder) {
        match self.peek(0) {
            Some('(') if self.peek(1) == Some('(') => {
                self.at += 2;
                let inner = self.until_close('(', ')');
                if self.peek(0) == Some(')') {
                    self.at += 1;
                }
                word.part(Part::Opaque(format!("$(({inner}))")));
            }
            Some('(') => {
                self.at += 1;
                let script = self.until_close('(', ')');
                word.part(Part::Substitution(script.trim().to_owned()));
            }
            Some('{') => {
                self.at += 1;
                let inner = self.until_close('{', '}');
                let end = inner.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(inner.len());
                let (name, rest) = inner.split_at(end);
                let default = [":-", ":=", "-", "="].iter().find_map(|mark| rest.strip_prefix(mark));
                match default {
                    _ if name.is_empty() => word.part(Part::Opaque(format!("${{{inner}}}"))),
                    None if rest.is_empty() => word.part(Part::Variable(name.to_owned(), None)),
                    Some(default) if !default.contains(['$', '`']) => word.part(Part::Variable(name.to_owned(), Some(default.to_owned()))),
                    _ => word.part(Part::Opaque(format!("${{{inner}}}"))),
                }
            }
            Some(c) if c.is_ascii_alphabetic() || c == '_' => {
                let mut name = String::new();
                while let Some(c) = self.peek(0).filter(|c| c.is_ascii_alphanumeric() || *c == '_') {
                    name.push(c);
                    self.at += 1;
                }
                word.part(Part::Variable(name, None));
            }
            Some(c @ ('?' | '@' | '*' | '#' | '$' | '!' | '0'..='9')) => {
                self.at += 1;
                word.part(Part::Opaque(format!("${c}")));
            }
            _ => word.text.push('$'),
        }
    }

    /// The text up to the bracket that closes one that is open, which is skipped. Brackets in quotes do not count.
    fn until_close(&mut self, open: char, close: char) -> String {
        let (mut depth, mut quote, mut inner) = (1_usize, None, String::new());
        while let Some(c) = self.next() {
            match (quote, c) {
                (Some('\''), _) if c != '\'' => {}
                (_, '\\') => {
                    inner.push(c);
                    inner.extend(self.next());
                    continue;
                }
                (Some(q), _) if c == q => quote = None,
                (None, '\'' | '"') => quote = Some(c),
                (None, _) if c == open => depth += 1,
                (None, _) if c == close => {
                    depth -= 1;
                    if depth == 0 {
                        return inner;
                    }
                }
                _ => {}
            }
            inner.push(c);
        }
        inner
    }
}

/// A word under construction.
struct Builder {
    parts: Vec<Part>,
    text: String,
    bare: bool,
}

impl Builder {
    fn part(&mut self, part: Part) {
        if !self.text.is_empty() {
            self.parts.push(Part::Text(std::mem::take(&mut self.text)));
        }
        self.parts.push(part);
    }

    fn finish(mut self) -> Word {
        if !self.text.is_empty() {
            self.parts.push(Part::Text(self.text));
        }
        Word { parts: self.parts, bare: self.bare }
    }
}
