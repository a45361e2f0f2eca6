//! What a person can do to a deployment: promote, pause, resume, abort; roll its service back; deploy a version again.
//!
//! What is not possible now is shown, and says why when it is pointed at. Each is an action, as those of the inspector are.

use eframe::egui::{Ui, vec2};

use crate::fleet::deploy::Wish;
use crate::ids::ServiceId;
use crate::insight::deployments::Deployment;
use crate::lab::snapshot::{DeploymentSnapshot, ServiceSnapshot};
use crate::scenario::Action;
use crate::ui::icons;
use crate::ui::panels::delivery::{strategy, version_name};
use crate::ui::state::{Shell, colors};
use crate::ui::text::Lang;
use crate::ui::widgets::button;

/// The buttons of a deployment under way, in order. Pausing and resuming take turns.
fn offered(current: &DeploymentSnapshot) -> [Wish; 4] {
    let turn = if current.progress.wishes.contains(&Wish::Resume) { Wish::Resume } else { Wish::Pause };
    [Wish::Promote, Wish::PromoteFull, turn, Wish::Abort]
}

/// Why a wish cannot be asked for now; `None` if it can.
fn obstacle(lang: Lang, wish: Wish, state: &ServiceSnapshot, current: &DeploymentSnapshot) -> Option<String> {
    let wishes = &current.progress.wishes;
    if wishes.is_empty() && current.progress.steps.is_empty() {
        return Some(lang.with("steer.none", &[("strategy", &strategy(lang, &current.strategy))]));
    }
    if wish == Wish::Abort && current.version == state.stable {
        return Some(lang.with("steer.back-already", &[("version", &current.version)]));
    }
    if wishes.contains(&wish) {
        return None;
    }
    let key = match wish {
        Wish::Promote => "steer.promote.not",
        Wish::PromoteFull => "steer.promote-full.not",
        Wish::Pause => "steer.pause.not",
        Wish::Resume => "steer.resume.not",
        Wish::Abort => "steer.abort.not",
    };
    Some(lang.tr(key).into_owned())
}

/// Why there is no way back now; `None` if there is one.
fn no_way_back(lang: Lang, state: &ServiceSnapshot, current: Option<&DeploymentSnapshot>) -> Option<String> {
    match (current, &state.previous) {
        (Some(current), _) if current.version == state.stable => Some(lang.with("steer.back-already", &[("version", &current.version)])),
        (None, None) => Some(lang.with("steer.nothing-before", &[("version", &state.stable)])),
        _ => None,
    }
}

/// The buttons of a deployment; returns what was asked for. `current` is how it stands while it is under way.
pub(super) fn steer_ui(
    ui: &mut Ui,
    shell: &Shell,
    one: &Deployment,
    state: &ServiceSnapshot,
    current: Option<&DeploymentSnapshot>,
    service: &str,
) -> Option<Action> {
    let lang = shell.lang();
    let barred = |kind: &'static str| shell.why_not(kind);
    let run = shell.run.as_ref()?;
    let new = version_name(run, one.version).to_owned();
    let mut act = None;
    ui.add_space(4.0);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing = vec2(6.0, 6.0);
        for (wish, current) in current.into_iter().flat_map(|current| offered(current).map(|wish| (wish, current))) {
            let (icon, text, name, about) = match wish {
                Wish::Promote => (icons::FORWARD, "steer.promote", "steer.promote", "steer.promote.about"),
                Wish::PromoteFull => (icons::UNTIL, "steer.promote-full", "steer.promote-full", "steer.promote-full.about"),
                Wish::Pause => (icons::PAUSE, "steer.pause.short", "steer.pause", "steer.pause.about"),
                Wish::Resume => (icons::PLAY, "steer.resume.short", "steer.resume", "steer.resume.about"),
                Wish::Abort => (icons::STOP, "steer.abort.short", "steer.abort", "steer.abort.about"),
            };
            let why = barred("steer").or_else(|| obstacle(lang, wish, state, current));
            let response = button::short_if(ui, why.is_none(), icon, &lang.tr(text), &lang.tr(name));
            let clicked = response.clicked();
            response.on_hover_text(lang.tr(about)).on_disabled_hover_text(why.unwrap_or_default());
            if clicked {
                act = Some(Action::Steer { service: service.to_owned(), wish });
            }
        }
        // Once it has ended only the version that runs can be left.
        if current.is_some() || state.stable == new {
            let why = barred("roll-back").or_else(|| no_way_back(lang, state, current));
            let name = lang.with("act.roll-back", &[("service", service)]);
            let response = button::short_if(ui, why.is_none(), icons::ROLL_BACK, &lang.tr("act.roll-back.short"), &name);
            if response.clicked() {
                act = Some(Action::RollBack { service: service.to_owned() });
            }
            response.on_hover_text(lang.tr("steer.roll-back.about")).on_disabled_hover_text(why.unwrap_or_default());
        }
        if current.is_none() && state.stable != new && state.deployment.is_none() {
            let text = lang.with("deployments.again", &[("version", &new), ("service", service)]);
            let why = barred("deploy");
            let response = button::plain_if(ui, why.is_none(), icons::DEPLOY, &text);
            if response.on_disabled_hover_text(why.unwrap_or_default()).clicked() {
                act = Some(Action::Deploy { service: service.to_owned(), version: new.clone(), strategy: None });
            }
        }
    });
    if let Some(why) = run.delivery.asked.why() {
        let palette = colors(ui);
        ui.colored_label(palette.failing_text, lang.with("steer.refused", &[("why", why)]));
    }
    act
}

/// Asks for it, and remembers that it was asked for here. What begins with it is looked at once it is there.
pub(super) fn ask(shell: &mut Shell, service: ServiceId, action: Action) {
    if let Some(run) = shell.run.as_mut() {
        run.delivery.asked.ask(&action);
        let newest = run.snapshot.dora.deployments.iter().filter(|one| one.service == service).map(|one| one.number).max();
        run.delivery.next = matches!(action, Action::Deploy { .. } | Action::RollBack { .. }).then_some((service, newest.unwrap_or_default()));
    }
    shell.ask(crate::ui::state::Ask::Act(Box::new(action)));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fleet::deploy::{Progress, StepState};

    #[test]
    fn what_is_not_possible_says_why() {
        let state = ServiceSnapshot { stable: "v1".to_owned(), ..ServiceSnapshot::default() };
        let mut current = DeploymentSnapshot { version: "v2".to_owned(), strategy: "rolling".to_owned(), ..DeploymentSnapshot::default() };
        let why = |wish, current: &DeploymentSnapshot| obstacle(Lang::En, wish, &state, current).unwrap_or_default();
        assert!(why(Wish::Pause, &current).contains("rolling (ECS)"));
        current.progress =
            Progress { steps: vec![("bake".to_owned(), StepState::Current)], wishes: vec![Wish::Promote, Wish::Resume, Wish::Abort], ..Progress::default() };
        assert_eq!(offered(&current)[2], Wish::Resume);
        assert_eq!((why(Wish::Promote, &current), why(Wish::Resume, &current)), Default::default());
        assert!(why(Wish::PromoteFull, &current).contains("Nothing is left"));
        current.version = "v1".to_owned();
        assert!(why(Wish::Abort, &current).contains("v1"), "there is nothing to go back to");
    }

    #[test]
    fn where_nothing_came_before_there_is_no_way_back() {
        let mut state = ServiceSnapshot { stable: "v1".to_owned(), ..ServiceSnapshot::default() };
        let mut current = DeploymentSnapshot { version: "v2".to_owned(), ..DeploymentSnapshot::default() };
        let why = |state: &ServiceSnapshot, current: Option<&DeploymentSnapshot>| no_way_back(Lang::En, state, current).unwrap_or_default();
        assert_eq!(why(&state, Some(&current)), "", "what is under way is turned back to v1");
        assert!(why(&state, None).contains("only v1"), "v1 itself has nothing before it");
        state.previous = Some("v0".to_owned());
        assert_eq!(why(&state, None), "");
        current.version = "v1".to_owned();
        assert!(why(&state, Some(&current)).contains("way back"));
    }
}
