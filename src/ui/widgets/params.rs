//! A form for any block of parameters, made from its default values and its JSON Schema: whoever adds a fault or a
//! strategy gets its form for free.
//!
//! Values are edited as people write them (`250ms`, `5%`, `64KiB`); what a field accepts is decided by the type that
//! reads it, not here.

use std::collections::{BTreeMap, BTreeSet};

use eframe::egui::{Align2, ComboBox, Grid, RectAlign, Response, TextEdit, Tooltip, Ui, vec2};
use serde_json::{Map, Value};

use super::label;
use crate::ui::fonts;
use crate::ui::state::colors;
use crate::ui::text::{Lang, humanised};
use crate::ui::theme::size;

/// Alternatives chosen by name (see `choice!`), with their defaults and their keys' documentation.
#[derive(Debug, Clone)]
pub(crate) struct Alternatives {
    defaults: BTreeMap<&'static str, Map<String, Value>>,
    docs: BTreeMap<(&'static str, String), String>,
    /// The defaults of structures that may be left out, and are unless they are switched on.
    structures: BTreeMap<(&'static str, String), Map<String, Value>>,
    /// Keys that hold a share, which people write as a percentage.
    shares: BTreeSet<(&'static str, String)>,
}

impl Alternatives {
    /// Reads the defaults of each name through the type itself, and the documentation from its schema.
    pub(crate) fn of<T: serde::Serialize + serde::de::DeserializeOwned + schemars::JsonSchema>(names: &'static [&'static str]) -> Self {
        let schema = schemars::schema_for!(T).to_value();
        let mut all = Self { defaults: BTreeMap::new(), docs: BTreeMap::new(), structures: BTreeMap::new(), shares: BTreeSet::new() };
        let whole = |value: Value, name: &str| {
            let whole = serde_json::from_value::<T>(value).and_then(serde_json::to_value).ok()?;
            whole.get(name)?.as_object().cloned()
        };
        for &name in names {
            let params = whole(Value::String(name.to_owned()), name).unwrap_or_default();
            for (key, property) in properties(&schema, name) {
                all.learn(name, key.clone(), &property);
                let structure = property.get("anyOf").and_then(Value::as_array).into_iter().flatten().find_map(|form| form.get("$ref"));
                for (inner, property) in structure.map(|path| resolved(&schema, path)).map(properties_of).unwrap_or_default() {
                    all.learn(name, format!("{key}.{inner}"), &property);
                }
                // What may be left out and can be written as an empty table is a structure with defaults of its own.
                if params.get(&key).is_some_and(Value::is_null)
                    && let Some(Value::Object(inner)) = whole(serde_json::json!({ name: { &key: {} } }), name).and_then(|mut whole| whole.remove(&key))
                {
                    all.structures.insert((name, key), inner);
                }
            }
            all.defaults.insert(name, params);
        }
        all
    }

    /// Takes in what the schema says of a key.
    fn learn(&mut self, name: &'static str, key: String, property: &Value) {
        if let Some(text) = property.get("description").and_then(Value::as_str) {
            self.docs.insert((name, key.clone()), text.to_owned());
        }
        if property.get("$ref").and_then(Value::as_str).is_some_and(|path| path.ends_with("/Ratio")) {
            self.shares.insert((name, key));
        }
    }

    /// The fields of an alternative at their defaults.
    pub(crate) fn fields(&self, name: &'static str) -> Fields {
        self.defaults.get(name).map_or_else(Fields::default, |params| self.fields_of(name, params))
    }

    /// The fields of an alternative as it is.
    pub(crate) fn filled<T: serde::Serialize>(&self, name: &'static str, value: &T) -> Fields {
        let whole = serde_json::to_value(value).ok();
        match whole.as_ref().and_then(|whole| whole.get(name)?.as_object()) {
            Some(params) => self.fields_of(name, params),
            None => self.fields(name),
        }
    }

    fn fields_of(&self, name: &'static str, params: &Map<String, Value>) -> Fields {
        let plain = |key: &str, value: &Value| if self.shares.contains(&(name, key.to_owned())) { Field::share(value) } else { Field::new(value) };
        let field = |(key, value): (&String, &Value)| {
            let place = (name, key.clone());
            let field = match self.structures.get(&place) {
                Some(defaults) => {
                    let given = value.as_object();
                    let inner = |(inner, usual): (&String, &Value)| {
                        let value = given.and_then(|given| given.get(inner)).unwrap_or(usual);
                        (inner.clone(), plain(&format!("{key}.{inner}"), value))
                    };
                    Field { text: given.is_some().to_string(), kind: Kind::Structure, inner: Fields(defaults.iter().map(inner).collect()) }
                }
                None => plain(key, value),
            };
            (key.clone(), field)
        };
        Fields(params.iter().map(field).collect())
    }

    fn doc(&self, name: &'static str, key: &str) -> Option<&str> {
        self.docs.get(&(name, key.to_owned())).map(String::as_str)
    }
}

/// The properties of an alternative, out of the schema that `choice!` makes.
fn properties(schema: &Value, name: &str) -> Vec<(String, Value)> {
    let forms = schema.get("anyOf").and_then(Value::as_array).into_iter().flatten();
    let Some(params) = { forms }.find_map(|form| form.pointer("/properties")?.get(name)) else { return Vec::new() };
    properties_of(params.get("$ref").map_or(params, |path| resolved(schema, path)))
}

fn properties_of(schema: &Value) -> Vec<(String, Value)> {
    schema.get("properties").and_then(Value::as_object).into_iter().flatten().map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// What a reference within a schema stands for.
fn resolved<'a>(schema: &'a Value, path: &'a Value) -> &'a Value {
    path.as_str().and_then(|path| schema.pointer(path.trim_start_matches('#'))).unwrap_or(path)
}

/// One field while it is edited.
#[derive(Debug, Clone, PartialEq)]
struct Field {
    text: String,
    kind: Kind,
    /// The fields of a structure.
    inner: Fields,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Switch,
    /// Empty means none.
    Optional,
    /// Names, with commas between them.
    List,
    /// A switch, and fields of its own while it is on.
    Structure,
}

impl Field {
    fn new(value: &Value) -> Self {
        let (text, kind) = match value {
            Value::Bool(on) => (on.to_string(), Kind::Switch),
            Value::Number(number) => (number.to_string(), Kind::Number),
            Value::String(text) => (text.clone(), Kind::Text),
            Value::Null => (String::new(), Kind::Optional),
            Value::Array(values) if values.iter().all(Value::is_string) => (values.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(", "), Kind::List),
            // A distribution that is always the same time is written as that time.
            Value::Object(map) if map.len() == 1 && map.get("fixed").is_some_and(Value::is_string) => {
                (map["fixed"].as_str().unwrap_or_default().to_owned(), Kind::Text)
            }
            Value::Array(_) | Value::Object(_) => (value.to_string(), Kind::Text),
        };
        Self { text, kind, inner: Fields::default() }
    }

    /// A share of 0…1, written as a percentage.
    fn share(value: &Value) -> Self {
        let plain = Self::new(value);
        match plain.text.parse::<f64>() {
            Ok(share) => Self { text: format!("{}%", (share * 1e6).round() / 1e4), kind: Kind::Text, ..plain },
            Err(_not_a_number) => plain,
        }
    }

    fn is_on(&self) -> bool {
        self.text == "true"
    }

    /// The names of a list.
    fn names(&self) -> impl Iterator<Item = &str> {
        self.text.split(',').map(str::trim).filter(|name| !name.is_empty())
    }

    fn value(&self) -> Value {
        let text = self.text.trim();
        match self.kind {
            Kind::Switch => Value::Bool(self.is_on()),
            Kind::Structure if self.is_on() => self.inner.object(),
            Kind::Structure => Value::Null,
            Kind::Optional if text.is_empty() => Value::Null,
            // A list of structures is written as JSON.
            Kind::List if text.starts_with('[') => serde_json::from_str(text).unwrap_or_else(|_not_json| Value::String(text.to_owned())),
            Kind::List => Value::Array(self.names().map(|name| Value::String(name.to_owned())).collect()),
            Kind::Number | Kind::Text | Kind::Optional => {
                if self.kind == Kind::Number || text.starts_with(['{', '[']) {
                    serde_json::from_str(text).unwrap_or_else(|_not_json| Value::String(text.to_owned()))
                } else {
                    Value::String(text.to_owned())
                }
            }
        }
    }
}

/// What a person is told of a field whose value cannot be read.
pub(crate) fn does_not_fit(lang: Lang, title: &str, text: &str, example: &str) -> String {
    if text.trim().is_empty() {
        lang.with("param.missing", &[("field", title), ("example", example)])
    } else {
        lang.with("param.wrong", &[("field", title), ("value", text.trim()), ("example", example)])
    }
}

/// The fields of one alternative while they are edited.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Fields(BTreeMap<String, Field>);

impl Fields {
    fn object(&self) -> Value {
        Value::Object(self.0.iter().map(|(key, field)| (key.clone(), field.value())).collect())
    }

    /// The alternative with these values; the error says which of them cannot be read, in plain words, with an example.
    pub(crate) fn read<T: serde::de::DeserializeOwned>(&self, lang: Lang, name: &'static str, alternatives: &Alternatives) -> Result<T, String> {
        serde_json::from_value(serde_json::json!({ name: self.object() })).map_err(|error| {
            let defaults = alternatives.fields(name);
            let reads = |key: &str, value: Value| serde_json::from_value::<T>(serde_json::json!({ name: { key: value } })).is_ok();
            for (key, field) in &self.0 {
                let usual = defaults.0.get(key);
                if field.kind == Kind::Structure {
                    let inner = field.inner.0.iter().filter(|_| field.is_on());
                    if let Some((inner, field)) = { inner }.find(|(inner, field)| !reads(key, serde_json::json!({ inner.as_str(): field.value() }))) {
                        let example = usual.and_then(|usual| usual.inner.0.get(inner)).map_or("", |field| field.text.as_str());
                        return does_not_fit(lang, &title_of(lang, inner), &field.text, example);
                    }
                } else if !reads(key, field.value()) {
                    return does_not_fit(lang, &title_of(lang, key), &field.text, usual.map_or("", |field| field.text.as_str()));
                }
            }
            // Each value is fine by itself: only the type knows what is wrong with them together.
            error.to_string()
        })
    }

    /// Whether there is anything to set.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    #[cfg(test)]
    fn set(&mut self, key: &str, text: &str) {
        if let Some(field) = self.0.get_mut(key) {
            text.clone_into(&mut field.text);
        }
    }
}

/// What a key is called.
fn title_of(lang: Lang, key: &str) -> String {
    lang.find(&format!("param.{key}")).map_or_else(|| humanised(key), std::borrow::Cow::into_owned)
}

/// Width of the column of titles [points], the same in every form.
pub(crate) const TITLES: f32 = 132.0;

/// Draws the fields of the alternative `name`; `choices` gives the values of keys that name something.
pub(crate) fn fields_ui(
    ui: &mut Ui,
    lang: Lang,
    name: &'static str,
    alternatives: &Alternatives,
    fields: &mut Fields,
    choices: &dyn Fn(&str) -> Option<Vec<String>>,
) {
    if fields.is_empty() {
        return;
    }
    Grid::new(("params", name)).num_columns(2).spacing(vec2(12.0, 6.0)).min_col_width(TITLES).show(ui, |ui| {
        for (key, field) in &mut fields.0 {
            field_ui(ui, lang, (name, key), alternatives.doc(name, key), field, choices(key));
            if field.kind == Kind::Structure && field.is_on() {
                for (inner, field) in &mut field.inner.0 {
                    let place = format!("{key}.{inner}");
                    field_ui(ui, lang, (name, inner), alternatives.doc(name, &place), field, choices(&place));
                }
            }
        }
    });
}

/// One row: the title, and what to edit the value with.
fn field_ui(ui: &mut Ui, lang: Lang, (name, key): (&'static str, &str), doc: Option<&str>, field: &mut Field, choices: Option<Vec<String>>) {
    let title = title_of(lang, key);
    // A long title wraps instead of pushing its field aside.
    let response = ui.scope(|ui| {
        ui.set_max_width(TITLES);
        ui.add(eframe::egui::Label::new(&title).wrap())
    });
    if let Some(doc) = doc {
        response.inner.on_hover_text(doc);
    }
    if matches!(field.kind, Kind::Switch | Kind::Structure) {
        let mut on = field.is_on();
        // On the ground of a form the box itself is hard to see.
        ui.visuals_mut().widgets.inactive.bg_stroke.color = colors(ui).secondary;
        if ui.checkbox(&mut on, "").accessible_name(&title).changed() {
            field.text = on.to_string();
        }
        ui.reset_style();
    } else if let Some(values) = choices.as_ref().filter(|_| field.kind == Kind::List) {
        ui.vertical(|ui| {
            // On the ground of a form the boxes themselves are hard to see.
            ui.visuals_mut().widgets.inactive.bg_stroke.color = colors(ui).secondary;
            if values.is_empty() {
                label::secondary(ui, lang.tr("param.nothing-to-choose"));
            }
            for value in values {
                let mut names: Vec<String> = field.names().map(str::to_owned).collect();
                let mut on = names.contains(value);
                if ui.checkbox(&mut on, value).changed() {
                    names.retain(|name| name != value);
                    names.extend(on.then(|| value.clone()));
                    field.text = names.join(", ");
                }
            }
        });
    } else if let Some(values) = choices {
        if field.text.is_empty()
            && field.kind != Kind::Optional
            && let Some(first) = values.first()
        {
            // One of them is needed.
            field.text.clone_from(first);
        }
        let none = lang.tr("param.nobody").into_owned();
        let shown = if field.text.is_empty() { none.clone() } else { field.text.clone() };
        let combo = ComboBox::from_id_salt(("param", name, key)).selected_text(shown).width(132.0).show_ui(ui, |ui| {
            if field.kind == Kind::Optional {
                ui.selectable_value(&mut field.text, String::new(), none);
            }
            for value in values {
                ui.selectable_value(&mut field.text, value.clone(), value);
            }
        });
        combo.response.accessible_name(&title);
    } else {
        let hint = lang.find(&format!("param.{key}.hint"));
        let response = text_ui(ui, &title, &mut field.text);
        if let Some(hint) = hint {
            response.on_hover_text(lang.with("param.for-example", &[("example", &hint)]));
        }
    }
    ui.end_row();
}

/// A short text to be edited.
pub(crate) fn text_ui(ui: &mut Ui, title: &str, text: &mut String) -> Response {
    let edit = TextEdit::singleline(text).desired_width(132.0).font(fonts::mono(size::BODY - 1.0)).margin(vec2(8.0, 4.0)).align(Align2::LEFT_CENTER);
    ui.add(edit).accessible_name(title)
}

/// A box to choose one of several names, each with an explanation; true if another one was chosen.
pub(crate) fn choose_ui(ui: &mut Ui, lang: Lang, group: &str, names: &'static [&'static str], chosen: &mut &'static str, title: &str) -> bool {
    let before = *chosen;
    let word = |name: &str| lang.find(&format!("{group}.{name}.name")).map_or_else(|| humanised(name), std::borrow::Cow::into_owned);
    let combo = ComboBox::from_id_salt(("choose", group)).selected_text(word(chosen)).width(200.0).height(420.0).show_ui(ui, |ui| {
        for &name in names {
            let response = ui.selectable_label(*chosen == name, word(name));
            if response.clicked() {
                *chosen = name;
            }
            if let Some(about) = lang.find(&format!("{group}.{name}.about")) {
                // Beside the list, so that the entries below stay in sight.
                let mut tooltip = Tooltip::for_enabled(&response);
                tooltip.popup = tooltip.popup.align(RectAlign::LEFT_START).align_alternatives(&[RectAlign::RIGHT_START]).gap(14.0);
                tooltip.show(|ui| label::secondary(ui, about));
            }
        }
    });
    combo.response.accessible_name(title);
    *chosen != before
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::deploy::{IntOrPercent, Strategy};
    use crate::fleet::fault::{FaultKind, Selector};

    #[test]
    fn a_form_of_what_is_there_reads_back_as_what_it_was() {
        let alternatives = Alternatives::of::<Strategy>(Strategy::NAMES);
        for text in [
            r#"{"canary":{"percent":0.05,"canary_bake":"7m","bake":"3m","alarms":{"names":["errors"],"rollback":false}}}"#,
            r#"{"linear":{}}"#,
            r#"{"blue-green":{"hooks":[{"at":"POST_SCALE_UP","check":{}}]}}"#,
            r#"{"rolling":{"maximum_percent":150}}"#,
        ] {
            let strategy: Strategy = serde_json::from_str(text).expect("it is a strategy");
            let fields = alternatives.filled(strategy.name(), &strategy);
            assert_eq!(fields.read::<Strategy>(Lang::En, strategy.name(), &alternatives), Ok(strategy), "{text}");
        }
    }

    #[test]
    fn every_fault_has_a_form_whose_defaults_are_the_faults_own() {
        let alternatives = Alternatives::of::<FaultKind>(FaultKind::NAMES);
        for &name in FaultKind::NAMES {
            let read: FaultKind = alternatives.fields(name).read(Lang::En, name, &alternatives).unwrap_or_else(|error| panic!("{name}: {error}"));
            let expected: FaultKind = serde_json::from_value(Value::String(name.to_owned())).expect("a bare name takes the defaults");
            assert_eq!(read, expected);
            for key in alternatives.fields(name).0.keys() {
                assert!(alternatives.doc(name, key).is_some(), "{name}.{key} is documented");
            }
        }
    }

    #[test]
    fn what_is_typed_is_read_as_in_a_file() {
        let alternatives = Alternatives::of::<FaultKind>(FaultKind::NAMES);
        let mut fields = alternatives.fields("latency");
        fields.set("delay", "2s");
        let FaultKind::Latency(latency) = fields.read(Lang::En, "latency", &alternatives).expect("a duration") else { panic!("another fault") };
        assert_eq!(latency.delay, crate::kernel::dist::Distribution::Fixed(crate::units::SimSpan::from_secs(2)));
        fields.set("delay", "two seconds");
        assert!(fields.read::<FaultKind>(Lang::En, "latency", &alternatives).is_err());
        fields.set("delay", r#"{ "lognormal": { "mean": "50ms", "cv": 2.0 } }"#);
        assert!(fields.read::<FaultKind>(Lang::En, "latency", &alternatives).is_ok());
        let mut loss = alternatives.fields("packet-loss");
        loss.set("loss", "20%");
        assert!(loss.read::<FaultKind>(Lang::En, "packet-loss", &alternatives).is_ok());
        loss.set("loss", "120%");
        assert!(
            loss.read::<FaultKind>(Lang::En, "packet-loss", &alternatives)
                .is_err_and(|error| error.starts_with("Share lost: “120%” does not fit. An example: "))
        );
    }

    #[test]
    fn alarms_are_chosen_from_a_list_and_left_out_otherwise() {
        let alternatives = Alternatives::of::<Strategy>(Strategy::NAMES);
        let mut fields = alternatives.fields("canary");
        let watched = |fields: &Fields| {
            let strategy: Strategy = fields.read(Lang::En, "canary", &alternatives).expect("a strategy");
            strategy.watch().map(|watch| (watch.names.clone(), watch.rollback))
        };
        assert_eq!(watched(&fields), None);
        fields.set("alarms", "true");
        assert_eq!(watched(&fields), Some((Vec::new(), true)));
        if let Some(names) = fields.0.get_mut("alarms").and_then(|alarms| alarms.inner.0.get_mut("names")) {
            names.text = "errors, latency".to_owned();
        }
        assert_eq!(watched(&fields), Some((vec!["errors".to_owned(), "latency".to_owned()], true)));
    }

    /// A field that takes a number or a text takes either, whichever its default is.
    #[test]
    fn pods_are_typed_as_a_number_or_a_percentage() {
        let alternatives = Alternatives::of::<Strategy>(Strategy::NAMES);
        let mut fields = alternatives.fields("rolling-update");
        for (typed, expected) in [("1", IntOrPercent::Pods(1)), ("50%", IntOrPercent::Percent(50)), ("150%", IntOrPercent::Percent(150))] {
            fields.set("max_surge", typed);
            let Ok(Strategy::RollingUpdate(update)) = fields.read(Lang::En, "rolling-update", &alternatives) else { panic!("{typed}") };
            assert_eq!(update.max_surge, expected);
        }
        for wrong in ["0.5", "one", "-1"] {
            fields.set("max_surge", wrong);
            assert!(fields.read::<Strategy>(Lang::En, "rolling-update", &alternatives).is_err(), "{wrong}");
        }
    }

    #[test]
    fn numbers_stay_numbers() {
        let alternatives = Alternatives::of::<Selector>(Selector::NAMES);
        let mut fields = alternatives.fields("fixed");
        fields.set("value", "3");
        assert!(fields.read::<Selector>(Lang::En, "fixed", &alternatives).is_ok());
        fields.set("value", "3.5");
        assert!(fields.read::<Selector>(Lang::En, "fixed", &alternatives).is_err());
    }

    #[test]
    fn what_does_not_fit_is_said_in_plain_words_in_both_languages() {
        let alternatives = Alternatives::of::<Strategy>(Strategy::NAMES);
        let mut fields = alternatives.fields("rolling");
        fields.set("maximum_percent", "-5");
        let why = fields.read::<Strategy>(Lang::En, "rolling", &alternatives).expect_err("it is negative");
        assert_eq!(why, "Maximum percent: “-5” does not fit. An example: 200");
        let why = fields.read::<Strategy>(Lang::Vi, "rolling", &alternatives).expect_err("it is negative");
        assert!(why.contains("“-5”") && why.contains("200") && !why.contains("u32"), "{why}");
        fields.set("maximum_percent", "");
        let why = fields.read::<Strategy>(Lang::En, "rolling", &alternatives).expect_err("there is none");
        assert_eq!(why, "Maximum percent is missing. An example: 200");
    }

    #[test]
    fn a_structure_that_may_be_left_out_is_a_switch_with_fields_of_its_own() {
        let alternatives = Alternatives::of::<Strategy>(Strategy::NAMES);
        let mut fields = alternatives.fields("rolling");
        let breaker = |fields: &Fields| match fields.read::<Strategy>(Lang::En, "rolling", &alternatives).expect("it can be read") {
            Strategy::EcsRolling(rolling) => rolling.circuit_breaker,
            other => panic!("{other:?}"),
        };
        assert_eq!(breaker(&fields), None);
        fields.set("circuit_breaker", "true");
        assert_eq!(breaker(&fields), Some(crate::fleet::deploy::DeploymentBreaker::default()));
        let inner = &mut fields.0.get_mut("circuit_breaker").expect("the breaker").inner;
        inner.set("threshold", "much");
        let why = fields.read::<Strategy>(Lang::En, "rolling", &alternatives).expect_err("that is no share");
        assert_eq!(why, "Threshold: “much” does not fit. An example: 50%");
    }

    #[test]
    fn shares_are_written_as_percentages() {
        let alternatives = Alternatives::of::<FaultKind>(FaultKind::NAMES);
        assert_eq!(alternatives.fields("error-responses").0["error_rate"].text, "50%");
    }
}
