//! Finds the bracket that was never closed.
//!
//! A TOML parser notices a missing bracket only much later, after it has taken the rest of the file for the inside of an
//! array. This looks at nothing but brackets, strings and comments.

/// A bracket without its counterpart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unclosed {
    /// The outermost bracket around it: where the value begins that swallows what follows.
    pub(crate) value: usize,
    /// The bracket itself.
    pub(crate) bracket: usize,
}

/// The first bracket in a value that is closed by one of the other kind, or by nothing.
pub(crate) fn unclosed(text: &str) -> Option<Unclosed> {
    let bytes = text.as_bytes();
    let mut open: Vec<usize> = Vec::new();
    let mut at = 0;
    let mut line_begins = true;
    while at < bytes.len() {
        let begins = std::mem::replace(&mut line_begins, false);
        match bytes[at] {
            b'\n' => line_begins = true,
            b' ' | b'\t' | b'\r' => line_begins = begins,
            b'#' => {
                at = end_of_line(bytes, at);
                continue;
            }
            quote @ (b'"' | b'\'') => {
                at = after_string(bytes, at, quote);
                continue;
            }
            // A header is a line of its own; what is wrong with it swallows nothing.
            b'[' if begins && open.is_empty() => {
                at = end_of_line(bytes, at);
                continue;
            }
            b'[' | b'{' => open.push(at),
            closing @ (b']' | b'}') => {
                let opening = if closing == b']' { b'[' } else { b'{' };
                match open.last() {
                    Some(&bracket) if bytes[bracket] == opening => drop(open.pop()),
                    Some(&bracket) => return Some(Unclosed { value: open[0], bracket }),
                    // Closed without being opened: a mistake that swallows nothing.
                    None => {}
                }
            }
            _ => {}
        }
        at += 1;
    }
    open.last().map(|&bracket| Unclosed { value: open[0], bracket })
}

fn end_of_line(bytes: &[u8], from: usize) -> usize {
    bytes[from..].iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |length| from + length)
}

/// The byte after a string; one on a single line that is not closed ends with the line.
fn after_string(bytes: &[u8], from: usize, quote: u8) -> usize {
    let long = bytes[from..].starts_with(&[quote; 3]);
    let mut at = from + if long { 3 } else { 1 };
    while at < bytes.len() {
        match bytes[at] {
            b'\\' if quote == b'"' => at += 1,
            b'\n' if !long => return at,
            byte if byte == quote && !long => return at + 1,
            byte if byte == quote && bytes[at..].starts_with(&[quote; 3]) => return at + 3,
            _ => {}
        }
        at += 1;
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text up to the bracket that is found.
    fn before(text: &str) -> Option<&str> {
        unclosed(text).map(|found| &text[..=found.bracket])
    }

    #[test]
    fn the_bracket_that_is_not_closed_is_found() {
        assert_eq!(before("a = [1, 2\n[b]\nc = [3]"), Some("a = ["));
        assert_eq!(before("a = [{ b = 1, { c = 2 }]"), Some("a = [{"));
        assert_eq!(before("a = { b = [1, 2 }"), Some("a = { b = ["));
        assert_eq!(unclosed("a = [{ b = 1, { c = 2 }]").map(|found| found.value), Some(4));
    }

    #[test]
    fn brackets_in_headers_strings_and_comments_do_not_count() {
        for text in [
            "[a]\n[[b.c]]\nd = [1, [2], { e = 3 }]",
            "a = \"[\" # {\nb = '{' \nc = \"\"\"\n[ \\\"\"\" { \"\"\"",
            "a = '''\n[[[ ' '' '''\n",
            "[services.db\nworkers = 3",
            "a = \"[ never closed\nb = 1",
            "a = ]",
            "",
        ] {
            assert_eq!(before(text), None, "{text}");
        }
    }
}
