//! From a path into a declaration to the line of its text.
//!
//! It reads JSON just as far as it must; the text is known to be good.

use crate::delivery::pipeline::check::Step;

/// Reads a text byte by byte and counts its lines.
struct Scan<'a> {
    text: &'a str,
    at: usize,
    line: usize,
}

/// The line of what a path leads to, counted from 1; that of what it would be in, where there is no such thing.
pub(super) fn line_of(text: &str, path: &[Step]) -> usize {
    let mut scan = Scan { text, at: 0, line: 1 };
    // The service wraps a pipeline in an object of one key.
    let mut steps = vec![Step::Field("pipeline")];
    steps.extend_from_slice(path);
    scan.seek(&steps)
}

impl Scan<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        self.line += usize::from(byte == b'\n');
        Some(byte)
    }
    fn space(&mut self) {
        while self.peek().is_some_and(|byte| byte.is_ascii_whitespace() || byte == b',' || byte == b':') {
            self.next();
        }
    }
    /// A text in quotes, as it is meant.
    fn string(&mut self) -> String {
        let start = self.at;
        self.next();
        while let Some(byte) = self.next() {
            match byte {
                b'\\' => {
                    self.next();
                }
                b'"' => break,
                _ => {}
            }
        }
        serde_json::from_str(&self.text[start..self.at]).unwrap_or_default()
    }
    /// Passes a value by.
    fn skip(&mut self) {
        let mut depth = 0_usize;
        loop {
            self.space();
            match self.peek() {
                Some(b'"') => {
                    self.string();
                }
                Some(b'{' | b'[') => {
                    depth += 1;
                    self.next();
                }
                Some(b'}' | b']') => {
                    depth = depth.saturating_sub(1);
                    self.next();
                }
                Some(_) => {
                    while self.peek().is_some_and(|byte| !byte.is_ascii_whitespace() && !b",:]}".contains(&byte)) {
                        self.next();
                    }
                }
                None => return,
            }
            if depth == 0 {
                return;
            }
        }
    }
    fn seek(&mut self, steps: &[Step]) -> usize {
        self.space();
        let here = self.line;
        let Some((step, rest)) = steps.split_first() else { return here };
        match (self.peek(), step) {
            (Some(b'{'), Step::Field(_) | Step::Key(_)) => {
                let wanted = match step {
                    Step::Field(name) => *name,
                    Step::Key(name) => name,
                    Step::Index(_) => return here,
                };
                self.next();
                loop {
                    self.space();
                    if self.peek() != Some(b'"') {
                        return here;
                    }
                    if self.string() == wanted {
                        return self.seek(rest);
                    }
                    self.skip();
                }
            }
            (Some(b'['), Step::Index(index)) => {
                self.next();
                for _ in 0..*index {
                    self.space();
                    if self.peek() == Some(b']') {
                        return here;
                    }
                    self.skip();
                }
                self.seek(rest)
            }
            _ => here,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_leads_to_its_line() {
        let text = "{\n \"tags\": [{\"a\": \"}\"}, \"\\\"\"],\n \"pipeline\": {\n  \"name\": \"x\",\n  \"stages\": [\n   {\"name\": \"A\"},\n   {\n    \"name\": \"B\",\n    \"n\": 1\n   }\n  ]\n }\n}";
        let stage = |rest: &[Step]| [&[Step::Field("stages"), Step::Index(1)], rest].concat();
        for (path, line) in [
            (vec![], 3),
            (vec![Step::Field("name")], 4),
            (vec![Step::Field("stages"), Step::Index(0), Step::Field("name")], 6),
            (stage(&[]), 7),
            (stage(&[Step::Field("name")]), 8),
            (stage(&[Step::Key("n".to_owned())]), 9),
            // What is not there is missing where it would be.
            (stage(&[Step::Field("actions")]), 7),
            (vec![Step::Field("variables"), Step::Index(3)], 3),
        ] {
            assert_eq!(line_of(text, &path), line, "{path:?}");
        }
    }
}
