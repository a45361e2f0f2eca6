//! What people write where CEL has something else: `and`, a single `=`, a number with its unit.
//!
//! It is asked when a text is no expression, and only helps to say why.

/// The first slip in a text that is no expression: where it is [bytes], and what to write instead.
pub(super) fn slip(text: &str) -> Option<(usize, String)> {
    let bare = without_texts(text);
    let found = [assignment(&bare), word(&bare), unit(&bare)];
    found.into_iter().flatten().min_by_key(|(at, _)| *at)
}

/// The same with blanks for what stands in quotes.
fn without_texts(text: &str) -> String {
    let (mut open, mut escaped) = (None, false);
    let blank = |c: char| {
        let inside = open.is_some();
        match (open, c) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(quote), c) if c == quote => open = None,
            (None, '"' | '\'') => open = Some(c),
            _ => {}
        }
        // As many bytes as before.
        if inside || open.is_some() { " ".repeat(c.len_utf8()) } else { c.to_string() }
    };
    text.chars().map(blank).collect()
}

/// One `=`.
fn assignment(text: &str) -> Option<(usize, String)> {
    let bytes = text.as_bytes();
    let alone = |at: &usize| {
        bytes[*at] == b'=' && bytes.get(at + 1) != Some(&b'=') && !matches!(at.checked_sub(1).map(|before| bytes[before]), Some(b'=' | b'!' | b'<' | b'>'))
    };
    (0..bytes.len()).find(alone).map(|at| (at, "whether two things are equal is asked with `==`".to_owned()))
}

/// A word for what CEL writes with signs.
fn word(text: &str) -> Option<(usize, String)> {
    let words = text.split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-').filter(|word| !word.is_empty());
    let at = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    let sign = |word: &str| match word.to_ascii_lowercase().as_str() {
        "and" => Some("&&"),
        "or" => Some("||"),
        "not" => Some("!"),
        _ => None,
    };
    words.into_iter().find_map(|word| Some((at(word), format!("`{word}` is written `{}`", sign(word)?))))
}

/// A number with something behind it.
fn unit(text: &str) -> Option<(usize, String)> {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let in_name = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
        if !bytes[at].is_ascii_digit() || in_name {
            at += 1;
            continue;
        }
        let end = at + text[at..].find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len() - at);
        let (number, rest) = (&text[at..end], text[end..].trim_start());
        let word: String = rest.chars().take_while(|c| c.is_alphabetic()).collect();
        let per: String = rest.strip_prefix('/').into_iter().flat_map(str::chars).take_while(|c| c.is_alphabetic()).collect();
        let whole = |sign: &str, rest: &str| !rest[sign.len()..].trim_start().starts_with(|c: char| c.is_ascii_alphanumeric() || c == '(');
        if rest.starts_with('%') && whole("%", rest) {
            let share = number.parse::<f64>().map_or_else(|_not_a_number| String::new(), |number| format!(": write `{}`", number / 100.0));
            return Some((at, format!("a share is 0 to 1 here{share}")));
        }
        let unit = if per.is_empty() { word } else { format!("/{per}") };
        let exponent = matches!(unit.as_str(), "e" | "E");
        if !unit.is_empty() && !exponent && !matches!(unit.as_str(), "and" | "or" | "not" | "in") {
            return Some((
                at,
                format!("numbers have no unit here, and each function says in which it answers: write `{number}`, or as many as `{number}{unit}` is"),
            ));
        }
        at = end.max(at + 1);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_instead_is_named_with_what_to_write() {
        let cases = [
            ("error_ratio(\"users\") < 1%", Some((23, "a share is 0 to 1 here: write `0.01`"))),
            ("a < 2 and b < 3", Some((6, "`and` is written `&&`"))),
            ("not met(\"slo\")", Some((0, "`not` is written `!`"))),
            ("alarm(\"a and = b\") = \"OK\"", Some((19, "whether two things are equal is asked with `==`"))),
            (
                "p99(\"users\") < 120 ms",
                Some((15, "numbers have no unit here, and each function says in which it answers: write `120`, or as many as `120ms` is")),
            ),
            (
                "rate(\"users\") > 50/s",
                Some((16, "numbers have no unit here, and each function says in which it answers: write `50`, or as many as `50/s` is")),
            ),
            ("p99(\"users\") < 120 )", None),
            ("a <= 2 && b >= 3 || c != 4 && d == 1.5e3 +", None),
            ("x == 7 % 2 (", None),
            ("\"it’s 5 ms\" == ", None),
        ];
        for (text, wanted) in cases {
            assert_eq!(slip(text), wanted.map(|(at, why)| (at, why.to_owned())), "{text}");
        }
    }
}
