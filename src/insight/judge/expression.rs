//! The syntax of conditions: reads an expression of Argo's language and writes it in CEL.
//!
//! A small precedence parser over characters. What comes out is fully parenthesised and uses our own functions wherever
//! the two languages mean different things; the list of differences is in `condition`. It evaluates nothing.

use super::functions::{AT, FUNCTIONS, LIST, MEAN, ORDERS, PREFIX, REST};

/// Brackets, functions and signs inside each other; CEL's own parser stops at 96.
const DEPTH: usize = 24;
/// Predicates inside each other: each multiplies the work by the length of its list.
const PREDICATE_DEPTH: usize = 2;

/// A mistake, and the character at which it is, counted from 0.
type Mistake = (String, usize);

/// Operators of expr that are words.
const WORDS: [&str; 9] = ["and", "or", "not", "in", "contains", "startsWith", "endsWith", "matches", "let"];
/// Operators that are signs; longer ones first.
const SIGNS: [&str; 28] =
    ["&&", "||", "==", "!=", "<=", ">=", "=>", "??", "?.", "**", "..", "<", ">", "=", "!", "+", "-", "*", "/", "%", "^", "?", ":", "|", "&", ",", ";", "@"];
/// Functions that take a predicate, and what they are in CEL.
const PREDICATES: [(&str, &str); 7] =
    [("all", "all"), ("any", "exists"), ("none", "none"), ("one", "exists_one"), ("filter", "filter"), ("map", "map"), ("count", "count")];

/// One piece of an expression.
#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(f64),
    Text(String),
    Name(String),
    Sign(&'static str),
    /// One of `()[]{}.#`.
    Mark(char),
    End,
}

/// Writes an expression in CEL.
pub(super) fn translate(text: &str) -> Result<String, Mistake> {
    let tokens = split(text)?;
    if tokens.len() == 1 {
        return Err(("the condition is empty".to_owned(), 0));
    }
    let mut parser = Parser { tokens, next: 0, depth: 0, elements: 0 };
    let cel = parser.conditional()?;
    match parser.peek() {
        Token::End => Ok(cel),
        Token::Mark(mark @ (')' | ']' | '}')) => Err(parser.wrong(format!("`{mark}` is too much"))),
        _ => Err(parser.wrong("this does not belong here")),
    }
}

/// Splits an expression into tokens with their places.
fn split(text: &str) -> Result<Vec<(Token, usize)>, Mistake> {
    let characters: Vec<char> = text.chars().collect();
    let run = |from: usize, part: fn(char) -> bool| characters[from..].iter().position(|c| !part(*c)).map_or(characters.len(), |length| from + length);
    let mut tokens = Vec::new();
    let mut at = 0;
    while let Some(&c) = characters.get(at) {
        let start = at;
        let token = match c {
            c if c.is_whitespace() => {
                at += 1;
                continue;
            }
            '"' | '\'' | '`' => {
                let (text, end) = text_from(&characters, at)?;
                at = end;
                Token::Text(text)
            }
            c if c.is_ascii_digit() || (c == '.' && characters.get(at + 1).is_some_and(char::is_ascii_digit) && !follows_value(tokens.last())) => {
                at = run(at, |c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_'));
                // A range, `1..2`, begins after its first number, and an exponent may have a sign.
                if let Some(range) = (start..at).find(|n| characters[*n] == '.' && characters.get(n + 1) == Some(&'.')) {
                    at = range;
                } else if matches!(characters[at - 1], 'e' | 'E') && matches!(characters.get(at), Some('+' | '-')) {
                    at = run(at + 1, |c| c.is_ascii_digit());
                }
                let digits: String = characters[start..at].iter().filter(|c| **c != '_').collect();
                Token::Number(digits.parse().ok().filter(|number: &f64| number.is_finite()).ok_or_else(|| (format!("`{digits}` is no number"), start))?)
            }
            c if c.is_alphabetic() || c == '_' || c == '$' => {
                at = run(at, |c| c.is_alphanumeric() || c == '_' || c == '$');
                let name: String = characters[start..at].iter().collect();
                match WORDS.iter().find(|word| **word == name) {
                    Some(word) => Token::Sign(word),
                    None => Token::Name(name),
                }
            }
            _ => match SIGNS.iter().find(|sign| sign.chars().enumerate().all(|(n, c)| characters.get(at + n) == Some(&c))) {
                Some(sign) => {
                    at += sign.len();
                    Token::Sign(sign)
                }
                None if "()[]{}.#".contains(c) => {
                    at += 1;
                    Token::Mark(c)
                }
                None => return Err((format!("`{}` does not belong into a condition", c.escape_debug()), at)),
            },
        };
        tokens.push((token, start));
    }
    tokens.push((Token::End, characters.len()));
    Ok(tokens)
}

/// Whether a dot after this token leads into its value.
fn follows_value(token: Option<&(Token, usize)>) -> bool {
    matches!(token, Some((Token::Name(_) | Token::Text(_) | Token::Mark(')' | ']' | '#'), _)))
}

/// A text in quotes and the place after it; with backticks it has no escapes.
fn text_from(characters: &[char], start: usize) -> Result<(String, usize), Mistake> {
    let quote = characters[start];
    let (mut text, mut at) = (String::new(), start + 1);
    loop {
        match characters.get(at) {
            None => return Err(("the text does not end".to_owned(), start)),
            Some(c) if *c == quote => return Ok((text, at + 1)),
            Some('\\') if quote != '`' => {
                text.push(match characters.get(at + 1) {
                    Some('n') => '\n',
                    Some('t') => '\t',
                    Some('r') => '\r',
                    Some(c @ ('\\' | '"' | '\'')) => *c,
                    _ => return Err(("only \\n, \\t, \\r, \\\\ and quotes can follow a backslash".to_owned(), at)),
                });
                at += 2;
            }
            Some(c) => {
                text.push(*c);
                at += 1;
            }
        }
    }
}

struct Parser {
    tokens: Vec<(Token, usize)>,
    next: usize,
    depth: usize,
    /// How many predicates are open; the innermost one's element is `e{n}`.
    elements: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.next].0
    }

    fn wrong(&self, message: impl Into<String>) -> Mistake {
        (message.into(), self.tokens[self.next].1)
    }

    fn take(&mut self) -> Token {
        let token = self.tokens[self.next].0.clone();
        self.next = (self.next + 1).min(self.tokens.len() - 1);
        token
    }

    fn take_sign(&mut self, signs: &[&str]) -> Option<&'static str> {
        match self.peek() {
            Token::Sign(sign) if signs.contains(sign) => {
                let sign = *sign;
                self.take();
                Some(sign)
            }
            _ => None,
        }
    }

    fn take_mark(&mut self, mark: char) -> bool {
        let is_next = *self.peek() == Token::Mark(mark);
        if is_next {
            self.take();
        }
        is_next
    }

    fn expect(&mut self, mark: char) -> Result<(), Mistake> {
        if self.take_mark(mark) { Ok(()) } else { Err(self.wrong(format!("`{mark}` is missing"))) }
    }

    /// `a ? b : c`, one level deeper.
    fn conditional(&mut self) -> Result<String, Mistake> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.wrong("the condition is nested too deeply"));
        }
        let asked = self.any_of()?;
        let cel = if self.take_sign(&["?"]).is_some() {
            let yes = self.conditional()?;
            if self.take_sign(&[":"]).is_none() {
                return Err(self.wrong("`:` is missing"));
            }
            let no = self.conditional()?;
            format!("({asked} ? {yes} : {no})")
        } else {
            asked
        };
        self.depth -= 1;
        Ok(cel)
    }

    /// `a || b`, as `a ? true : b`.
    fn any_of(&mut self) -> Result<String, Mistake> {
        let mut sides = vec![self.all_of()?];
        while self.take_sign(&["||", "or"]).is_some() {
            sides.push(self.all_of()?);
        }
        Ok(joined(&sides, &|left, right| format!("({left} ? true : {right})")))
    }

    /// `a && b`, as `a ? b : false`.
    fn all_of(&mut self) -> Result<String, Mistake> {
        let mut sides = vec![self.comparison()?];
        while self.take_sign(&["&&", "and"]).is_some() {
            sides.push(self.comparison()?);
        }
        Ok(joined(&sides, &|left, right| format!("({left} ? {right} : false)")))
    }

    fn comparison(&mut self) -> Result<String, Mistake> {
        let mut left = self.sum()?;
        loop {
            let start = self.next;
            let negated = matches!((self.peek(), self.tokens.get(self.next + 1)), (Token::Sign("not"), Some((Token::Sign("in"), _))));
            if negated {
                self.take();
            }
            let Token::Sign(sign) = *self.peek() else { return Ok(left) };
            match sign {
                "==" | "!=" | "<" | "<=" | ">" | ">=" | "in" | "contains" | "startsWith" | "endsWith" => {
                    self.take();
                }
                "=" => return Err(self.wrong("`=` is no operator; did you mean `==`?")),
                "matches" | "**" | "^" | ".." | "?." | "let" | "|" | ";" => return Err(self.wrong(format!("`{sign}` is not supported"))),
                "=>" | "&" | "@" => return Err(self.wrong(format!("`{sign}` is no operator"))),
                _ => {
                    self.next = start;
                    return Ok(left);
                }
            }
            let right = self.sum()?;
            left = match (sign, ORDERS.iter().find(|(_, order)| *order == sign)) {
                (_, Some((function, _))) => format!("{function}({left}, {right})"),
                ("in", None) if negated => format!("(!({left} in {right}))"),
                ("contains" | "startsWith" | "endsWith", None) => format!("({left}.{sign}({right}))"),
                _ => format!("({left} {sign} {right})"),
            };
        }
    }

    fn sum(&mut self) -> Result<String, Mistake> {
        self.chained(&["+", "-"], Self::product)
    }

    fn product(&mut self) -> Result<String, Mistake> {
        self.chained(&["*", "/", "%"], Self::or_else)
    }

    /// `a ?? b`: the first that is not `nil`.
    fn or_else(&mut self) -> Result<String, Mistake> {
        let mut first = self.signed()?;
        while self.take_sign(&["??"]).is_some() {
            first = format!("{PREFIX}default({first}, {})", self.signed()?);
        }
        Ok(first)
    }

    fn chained(&mut self, signs: &[&str], operand: fn(&mut Self) -> Result<String, Mistake>) -> Result<String, Mistake> {
        let mut all = operand(self)?;
        let mut several = false;
        while let Some(sign) = self.take_sign(signs) {
            let right = operand(self)?;
            if sign == "%" {
                all = format!("{REST}({}, {right})", if several { format!("({all})") } else { all });
                several = false;
            } else {
                all = format!("{all} {sign} {right}");
                several = true;
            }
        }
        Ok(if several { format!("({all})") } else { all })
    }

    fn signed(&mut self) -> Result<String, Mistake> {
        match self.take_sign(&["!", "not", "-", "+"]) {
            Some(sign) => {
                self.depth += 1;
                if self.depth > DEPTH {
                    return Err(self.wrong("the condition is nested too deeply"));
                }
                let operand = self.signed()?;
                self.depth -= 1;
                Ok(match sign {
                    "-" => format!("(-{operand})"),
                    "+" => operand,
                    _ => format!("(!{operand})"),
                })
            }
            None => self.postfix(),
        }
    }

    /// A value and what leads into it.
    fn postfix(&mut self) -> Result<String, Mistake> {
        let mut value = self.value()?;
        loop {
            if self.take_mark('[') {
                let place = self.conditional()?;
                if *self.peek() == Token::Sign(":") {
                    return Err(self.wrong("slices are not supported"));
                }
                self.expect(']')?;
                value = format!("{AT}({value}, {place})");
            } else if self.take_mark('.') {
                value = self.member(&value)?;
            } else {
                return Ok(value);
            }
        }
    }

    /// The name after a dot.
    fn member(&mut self, value: &str) -> Result<String, Mistake> {
        match self.peek() {
            Token::Name(name) => {
                let member = format!("{AT}({value}, {})", quoted(name));
                self.take();
                Ok(member)
            }
            _ => Err(self.wrong("a name must follow the dot")),
        }
    }

    fn value(&mut self) -> Result<String, Mistake> {
        let start = self.next;
        let element = self.elements.checked_sub(1).map(|innermost| format!("e{innermost}"));
        match self.take() {
            Token::Number(number) => Ok(format!("{number:?}")),
            Token::Text(text) => Ok(quoted(&text)),
            Token::Mark('(') => {
                let inside = self.conditional()?;
                self.expect(')')?;
                Ok(format!("({inside})"))
            }
            Token::Mark('[') => {
                let items = self.until(']')?;
                Ok(format!("[{}]", items.join(", ")))
            }
            Token::Mark('#') => {
                self.next = start;
                let element = element.ok_or_else(|| self.wrong("`#` stands only in a predicate, such as all(result, # > 0)"))?;
                self.take();
                Ok(element)
            }
            Token::Mark('.') if element.is_some() => self.member(&element.unwrap_or_default()),
            Token::Name(name) if *self.peek() == Token::Mark('(') => {
                self.next = start;
                self.call(&name)
            }
            Token::Name(name) => match name.as_str() {
                "result" | "true" | "false" => Ok(name),
                "nil" => Ok("null".to_owned()),
                _ => {
                    self.next = start;
                    Err(self.wrong(format!("unknown name `{name}`; the measured value is called `result`")))
                }
            },
            Token::End => {
                self.next = start;
                Err(self.wrong("something is missing"))
            }
            Token::Sign(sign) => {
                self.next = start;
                Err(self.wrong(format!("a value must come before `{sign}`")))
            }
            Token::Mark(mark) => {
                self.next = start;
                Err(self.wrong(format!("a value must come before `{mark}`")))
            }
        }
    }

    /// Expressions with commas between them, up to a closing mark.
    fn until(&mut self, close: char) -> Result<Vec<String>, Mistake> {
        let mut items = Vec::new();
        if self.take_mark(close) {
            return Ok(items);
        }
        loop {
            items.push(self.conditional()?);
            if self.take_sign(&[","]).is_none() {
                self.expect(close)?;
                return Ok(items);
            }
        }
    }

    /// A function and its values.
    fn call(&mut self, name: &str) -> Result<String, Mistake> {
        let start = self.next;
        self.take();
        self.expect('(')?;
        if let Some((_, cel)) = PREDICATES.iter().find(|(predicate, _)| *predicate == name) {
            return self.predicate(cel);
        }
        let takes = if name == MEAN { 1 } else { FUNCTIONS.iter().find(|(known, _)| *known == name).map_or(usize::MAX, |(_, takes)| *takes) };
        if takes == usize::MAX {
            self.next = start;
            return Err(self.wrong(format!("unknown function `{name}`")));
        }
        let values = self.until(')')?;
        if values.len() != takes {
            self.next = start;
            let plural = if takes == 1 { "" } else { "s" };
            return Err(self.wrong(format!("`{name}` takes {takes} value{plural}, not {}", values.len())));
        }
        Ok(format!("{PREFIX}{name}({})", values.join(", ")))
    }

    /// The list and the predicate of one of [`PREDICATES`], from behind the opening bracket.
    fn predicate(&mut self, cel: &str) -> Result<String, Mistake> {
        let list = self.conditional()?;
        if self.take_sign(&[","]).is_none() {
            return Err(self.wrong("a predicate is missing, such as all(result, # > 0)"));
        }
        let element = format!("e{}", self.elements);
        if self.elements == PREDICATE_DEPTH {
            return Err(self.wrong(format!("more than {PREDICATE_DEPTH} predicates inside each other")));
        }
        self.elements += 1;
        let in_braces = self.take_mark('{');
        let predicate = self.conditional()?;
        if in_braces {
            self.expect('}')?;
        }
        self.elements -= 1;
        self.expect(')')?;
        Ok(match cel {
            "none" => format!("(!{LIST}({list}).exists({element}, {predicate}))"),
            "count" => format!("{PREFIX}len({LIST}({list}).filter({element}, {predicate}))"),
            _ => format!("{LIST}({list}).{cel}({element}, {predicate})"),
        })
    }
}

/// A chain of operands as a balanced tree in the same order, so that a long chain does not nest deeply.
fn joined(sides: &[String], join: &impl Fn(&str, &str) -> String) -> String {
    match sides {
        [] => String::new(),
        [single] => single.clone(),
        several => {
            let (left, right) = several.split_at(several.len() / 2);
            join(&joined(left, join), &joined(right, join))
        }
    }
}

/// A text as CEL writes it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_is_written_out() {
        for (argo, cel) in [
            ("result[0] >= 0.95", "f_least(f_at(result, 0.0), 0.95)"),
            ("a.b", ""),
            ("result.a and not true", "(f_at(result, \"a\") ? (!true) : false)"),
            ("true || false || result", "(true ? true : (false ? true : result))"),
            ("result + 1 - 2 * 3", "(result + 1.0 - (2.0 * 3.0))"),
            ("all(result, any(#, # > 1))", "f_list(result).all(e0, f_list(e0).exists(e1, f_more(e1, 1.0)))"),
            ("'a\"b' == result", "(\"a\\\"b\" == result)"),
        ] {
            match translate(argo) {
                Ok(translated) => assert_eq!(translated, cel, "{argo}"),
                Err(mistake) => assert_eq!((mistake.1, cel), (0, ""), "{argo}: {mistake:?}"),
            }
        }
    }
}
