//! `phrases!`: short sentences that the simulation says and each front end may say in its reader's language.
//!
//! A phrase is a variant with values. `Display`, the reports and the session files have it in English; a front end looks
//! its key up in its own translations and fills the values in ([`Sentence`]). A phrase may be a value of another one.

use std::fmt;

/// What a phrase says, detached from the type that said it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sentence {
    /// The key under which translations have it.
    pub key: &'static str,
    /// It in English.
    pub english: String,
    /// Its values by name.
    pub values: Vec<(&'static str, Value)>,
}

/// A value of a phrase.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// A name or a number.
    Plain(String),
    /// Another phrase.
    Sentence(Sentence),
}

impl fmt::Display for Sentence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.english)
    }
}

/// What can be a value of a phrase.
pub trait Say {
    /// It, as a value.
    fn say(&self) -> Value;
}

macro_rules! said_plainly {
    ($($type:ty),+) => { $( impl Say for $type { fn say(&self) -> Value { Value::Plain(self.to_string()) } } )+ };
}
said_plainly!(u32, usize, String, &str);

impl Say for Sentence {
    fn say(&self) -> Value {
        Value::Sentence(self.clone())
    }
}

/// Declares an enum of phrases; see the module's documentation.
macro_rules! phrases {
    (
        $(#[$doc:meta])*
        pub enum $name:ident {
            $( $(#[$variant_doc:meta])* $key:literal => $variant:ident $({ $( $(#[$field_doc:meta])* $field:ident : $type:ty ),+ $(,)? })? = $english:literal, )+
        }
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum $name {
            $( $(#[$variant_doc])* $variant $({ $( $(#[$field_doc])* $field: $type ),+ })? ),+
        }

        impl $name {
            /// Each phrase's key and its English, with `{names}` for its values.
            pub const ENGLISH: &'static [(&'static str, &'static str)] = &[$( ($key, $english) ),+];

            /// It, detached.
            pub fn sentence(&self) -> $crate::phrase::Sentence {
                let (key, values) = match self {
                    $( Self::$variant $({ $($field),+ })? => ($key, vec![$( $((stringify!($field), $crate::phrase::Say::say($field))),+ )?]) ),+
                };
                $crate::phrase::Sentence { key, english: self.to_string(), values }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                match self { $( Self::$variant $({ $($field),+ })? => write!(f, $english) ),+ }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl $crate::phrase::Say for $name {
            fn say(&self) -> $crate::phrase::Value {
                $crate::phrase::Value::Sentence(self.sentence())
            }
        }
    };
}

pub(crate) use phrases;

#[cfg(test)]
#[allow(unreachable_pub, dead_code, reason = "the tests use a part of what the macro makes")]
mod tests {
    use super::*;

    phrases! {
        /// Why.
        pub enum Why {
            /// It rains.
            "rain" => Rain = "it rains",
            /// Some are late.
            "late" => Late {
                /// How many.
                count: u32,
            } = "{count} are late",
        }
    }

    phrases! {
        /// What.
        pub enum What {
            /// Put off.
            "off" => PutOff {
                /// To when.
                to: String,
                /// Why.
                why: Why,
            } = "put off to {to}: {why}",
        }
    }

    phrases! {
        /// Whatever somebody else says.
        pub enum Heard {
            /// It.
            "heard" => Of {
                /// It.
                what: Sentence,
            } = "{what}",
        }
    }

    #[test]
    fn a_sentence_of_somebody_else_can_be_passed_on() {
        let why = Why::Late { count: 3 }.sentence();
        let heard = Heard::Of { what: why.clone() };
        assert_eq!((heard.to_string().as_str(), heard.sentence().values), ("3 are late", vec![("what", Value::Sentence(why))]));
    }

    #[test]
    fn a_phrase_is_said_in_english_and_can_be_taken_apart() {
        let what = What::PutOff { to: "noon".to_owned(), why: Why::Late { count: 3 } };
        assert_eq!(what.to_string(), "put off to noon: 3 are late");
        let sentence = what.sentence();
        assert_eq!((sentence.key, sentence.english.as_str()), ("off", "put off to noon: 3 are late"));
        let inner = Sentence { key: "late", english: "3 are late".to_owned(), values: vec![("count", Value::Plain("3".to_owned()))] };
        assert_eq!(sentence.values, [("to", Value::Plain("noon".to_owned())), ("why", Value::Sentence(inner))]);
        assert_eq!(Why::Rain.sentence().values, []);
        assert_eq!(What::ENGLISH, [("off", "put off to {to}: {why}")]);
        assert_eq!(serde_json::to_string(&Why::Rain).expect("a text"), "\"it rains\"");
    }
}
