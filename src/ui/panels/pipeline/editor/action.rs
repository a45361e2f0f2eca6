//! The parameters of one action: what it does and who does it, its turn, its configuration, what it reads and makes.
//!
//! What few actions have (environment variables, output variables, roles, regions) is edited in the text.

use eframe::egui::{ComboBox, DragValue, TextEdit, Ui, vec2};

use super::super::seen::Seen;
use super::super::small;
use super::draft::Found;
use super::form::{field, menu};
use super::fresh::Place;
use super::mistakes::mistakes_ui;
use crate::delivery::pipeline::definition::{Action, Category, InputArtifact, OutputArtifact, Owner, Pipeline};
use crate::delivery::pipeline::limits;
use crate::delivery::pipeline::providers::{self, Known, PROVIDERS};
use crate::scenario::Scenario;
use crate::ui::text::Lang;
use crate::ui::theme::size;
use crate::ui::widgets::{button, label};
use crate::ui::{fonts, icons};

/// A provider as it is listed: with whose it is, where that is not the service's own.
fn provider_text(owner: Owner, name: &str) -> String {
    match owner {
        Owner::Aws => name.to_owned(),
        other => format!("{name} ({other})"),
    }
}

/// Draws them.
pub(super) fn action_ui(ui: &mut Ui, seen: &Seen<'_>, scenario: &Scenario, pipeline: &mut Pipeline, (at, n): (usize, usize), found: &[Found]) {
    let lang = seen.lang;
    let path = format!("stages[{at}].actions[{n}]");
    let mut action = pipeline.stages[at].actions[n].clone();
    let place = Place { pipeline, stage: at, service: seen.service, scenario };
    let says = |ui: &mut Ui, part: &str| mistakes_ui(ui, lang, found, &format!("{path}{part}"), true);
    ui.horizontal_wrapped(|ui| {
        let title = lang.tr("pipeline.editor.action.name");
        field(ui, &title, &mut action.name, 130.0, &title);
        let title = lang.tr("pipeline.editor.run-order");
        let caption = label::caption(ui, title.as_ref());
        label::explained(caption, lang, "run-order");
        let drag = DragValue::new(&mut action.run_order).range(1..=limits::RUN_ORDER).speed(0.05);
        ui.add(drag).accessible_name(title.as_ref());
    });
    mistakes_ui(ui, lang, found, &path, false);
    says(ui, ".name");
    says(ui, ".runOrder");
    provider_ui(ui, lang, &place, &mut action);
    says(ui, ".actionTypeId");
    if action.is_approval() {
        timeout_ui(ui, lang, &mut action);
    }
    says(ui, ".timeoutInMinutes");
    configuration_ui(ui, lang, scenario, &mut action);
    says(ui, ".configuration");
    if action.action_type_id.category == Category::Compute {
        let title = lang.tr("pipeline.editor.commands");
        label::caption(ui, title.as_ref());
        let mut text = action.commands.join("\n");
        let edit = TextEdit::multiline(&mut text).desired_rows(2).desired_width(f32::INFINITY).font(fonts::mono(size::BODY - 1.0));
        if ui.add(edit).accessible_name(title.as_ref()).changed() {
            action.commands = if text.is_empty() { Vec::new() } else { text.split('\n').map(str::to_owned).collect() };
        }
        says(ui, ".commands");
    }
    inputs_ui(ui, lang, &place, &mut action);
    says(ui, ".inputArtifacts");
    outputs_ui(ui, lang, &mut action);
    says(ui, ".outputArtifacts");
    for part in [".environmentVariables", ".outputVariables", ".namespace"] {
        says(ui, part);
    }
    pipeline.stages[at].actions[n] = action;
}

fn provider_ui(ui: &mut Ui, lang: Lang, place: &Place<'_>, action: &mut Action) {
    let kind = action.action_type_id.clone();
    ui.horizontal_wrapped(|ui| {
        let title = lang.tr("pipeline.editor.category");
        label::caption(ui, title.as_ref());
        let mut category = kind.category;
        let combo = ComboBox::from_id_salt("category").selected_text(category.to_string()).width(86.0).show_ui(ui, |ui| {
            for option in Category::ALL {
                ui.selectable_value(&mut category, option, option.to_string());
            }
        });
        combo.response.accessible_name(title.as_ref());
        if category != kind.category {
            let fresh = place.action(category);
            let usual = PROVIDERS.iter().find(|provider| provider.category == category && provider.name == fresh.action_type_id.provider);
            if let Some(provider) = usual {
                place.give(action, provider);
            }
            return;
        }
        let title = lang.tr("pipeline.editor.provider");
        let combo = ComboBox::from_id_salt("provider").selected_text(provider_text(kind.owner, &kind.provider)).width(140.0).show_ui(ui, |ui| {
            for provider in PROVIDERS.iter().filter(|provider| provider.category == kind.category) {
                let on = kind.owner == provider.owner && kind.provider == provider.name;
                if ui.selectable_label(on, provider_text(provider.owner, provider.name)).clicked() && !on {
                    place.give(action, provider);
                }
            }
            if ui.selectable_label(kind.owner == Owner::Custom, lang.tr("pipeline.editor.custom")).clicked() {
                action.action_type_id.owner = Owner::Custom;
            }
        });
        combo.response.accessible_name(title.as_ref());
        if action.action_type_id.owner == Owner::Custom {
            let title = lang.tr("pipeline.editor.custom.name");
            field(ui, "", &mut action.action_type_id.provider, 120.0, &title);
        }
    });
}

fn timeout_ui(ui: &mut Ui, lang: Lang, action: &mut Action) {
    ui.horizontal(|ui| {
        let title = lang.tr("pipeline.editor.timeout");
        label::caption(ui, title.as_ref());
        let usual = (limits::APPROVAL.as_secs_f64() / 60.0) as u32;
        let mut minutes = action.timeout_in_minutes.unwrap_or(usual);
        let drag = DragValue::new(&mut minutes).range(limits::SHORTEST_TIMEOUT..=limits::LONGEST_TIMEOUT).suffix(" min");
        if ui.add(drag).accessible_name(title.as_ref()).changed() {
            action.timeout_in_minutes = Some(minutes);
        }
    });
}

/// The configuration, key by key: those that the provider needs first, and named as such.
fn configuration_ui(ui: &mut Ui, lang: Lang, scenario: &Scenario, action: &mut Action) {
    let needs: &[&str] = match providers::known(&action.action_type_id) {
        Known::Exactly(provider) | Known::TakenFor(provider) => provider.needs,
        Known::Custom | Known::Unknown => &[],
    };
    label::caption(ui, lang.tr("pipeline.editor.configuration"));
    let keys: Vec<String> = {
        let others = action.configuration.keys().filter(|key| !needs.contains(&key.as_str())).cloned();
        needs.iter().map(|key| (*key).to_owned()).chain(others).collect()
    };
    for key in keys {
        let needed = needs.contains(&key.as_str());
        ui.horizontal(|ui| {
            let Some(value) = action.configuration.get_mut(&key) else {
                // A key that is needed and was taken out is offered again.
                if small(ui, icons::PLUS, &key, &lang.with("pipeline.editor.add-key", &[("key", &key)])).clicked() {
                    action.configuration.insert(key.clone(), String::new());
                }
                return;
            };
            let projects = key == "ProjectName" && !scenario.pipelines.projects.is_empty();
            let width = (ui.available_width() - 150.0 - if projects { 40.0 } else { 0.0 } - if needed { 0.0 } else { 32.0 }).max(80.0);
            let caption = ui.allocate_ui(vec2(128.0, 24.0), |ui| {
                ui.set_min_width(128.0);
                ui.add(eframe::egui::Label::new(eframe::egui::RichText::new(&key).font(fonts::mono(size::SMALL))).truncate())
            });
            if needed {
                caption.response.on_hover_text(lang.tr("pipeline.editor.needed"));
            }
            field(ui, "", value, width, &key);
            if projects {
                let chosen = menu(ui, icons::OPENED, "", &lang.tr("pipeline.editor.projects"), |ui| {
                    let chosen = scenario.pipelines.projects.keys().find(|name| ui.button(name.as_str()).clicked()).cloned();
                    if chosen.is_some() {
                        ui.close();
                    }
                    chosen
                });
                if let Some(project) = chosen.flatten() {
                    *value = project;
                }
            }
            if !needed && button::sized_icon(ui, icons::CLOSE, &lang.with("pipeline.editor.remove-key", &[("key", &key)]), false, 22.0).clicked() {
                action.configuration.remove(&key);
            }
        });
    }
    let id = ui.scope_id().with("new key");
    let mut key = ui.data_mut(|data| data.get_temp::<String>(id).unwrap_or_default());
    ui.horizontal(|ui| {
        let title = lang.tr("pipeline.editor.new-key");
        let edit = TextEdit::singleline(&mut key).desired_width(128.0).hint_text(title.as_ref()).char_limit(limits::CONFIGURATION_KEY);
        ui.add(edit).accessible_name(title.as_ref());
        let fits = !key.trim().is_empty() && !action.configuration.contains_key(key.trim());
        if ui.add_enabled_ui(fits, |ui| small(ui, icons::PLUS, &lang.tr("pipeline.editor.add"), &lang.tr("pipeline.editor.new-key.add"))).inner.clicked() {
            action.configuration.insert(key.trim().to_owned(), String::new());
            key.clear();
        }
    });
    ui.data_mut(|data| data.insert_temp(id, key));
}

fn inputs_ui(ui: &mut Ui, lang: Lang, place: &Place<'_>, action: &mut Action) {
    ui.horizontal_wrapped(|ui| {
        let caption = label::caption(ui, lang.tr("pipeline.editor.inputs"));
        label::explained(caption, lang, "artifact");
        let mut removed = None;
        for (n, input) in action.input_artifacts.iter().enumerate() {
            if small(ui, icons::CLOSE, &input.name, &lang.with("pipeline.editor.remove-input", &[("artifact", &input.name)])).clicked() {
                removed = Some(n);
            }
        }
        if let Some(n) = removed {
            action.input_artifacts.remove(n);
        }
        // What an earlier run order of the same stage makes can be read, too.
        let mut known: Vec<String> = place.artifacts().into_iter().map(|(name, _)| name).collect();
        let same = place.pipeline.stages.get(place.stage).into_iter().flat_map(|stage| &stage.actions);
        known.extend(same.filter(|other| other.run_order < action.run_order).flat_map(|other| other.output_artifacts.iter().map(|made| made.name.clone())));
        known.retain(|name| !action.input_artifacts.iter().any(|input| input.name == *name));
        ui.add_enabled_ui(!known.is_empty(), |ui| {
            let add = lang.tr("pipeline.editor.add");
            let chosen = menu(ui, icons::PLUS, &add, &lang.tr("pipeline.editor.add-input"), |ui| {
                let chosen = known.iter().find(|name| ui.button(name.as_str()).clicked()).cloned();
                if chosen.is_some() {
                    ui.close();
                }
                chosen
            });
            if let Some(name) = chosen.flatten() {
                action.input_artifacts.push(InputArtifact { name });
            }
        });
    });
}

fn outputs_ui(ui: &mut Ui, lang: Lang, action: &mut Action) {
    ui.horizontal_wrapped(|ui| {
        let caption = label::caption(ui, lang.tr("pipeline.editor.outputs"));
        label::explained(caption, lang, "artifact");
        let mut removed = None;
        for (n, output) in action.output_artifacts.iter_mut().enumerate() {
            field(ui, "", &mut output.name, 110.0, &lang.with("pipeline.editor.output", &[("number", &(n + 1).to_string())]));
            let name = lang.with("pipeline.editor.remove-output", &[("artifact", &output.name)]);
            if button::sized_icon(ui, icons::CLOSE, &name, false, 22.0).clicked() {
                removed = Some(n);
            }
        }
        if let Some(n) = removed {
            action.output_artifacts.remove(n);
        }
        if small(ui, icons::PLUS, &lang.tr("pipeline.editor.add"), &lang.tr("pipeline.editor.add-output")).clicked() {
            let name = format!("{}Output", action.name.replace(' ', ""));
            action.output_artifacts.push(OutputArtifact { name, files: Vec::new() });
        }
    });
}
