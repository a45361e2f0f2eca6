//! What is wrong with an `appspec.yml` beyond its form: what is missing, blank, unknown, or without effect.
//!
//! Errors are what `CodeDeploy` or its agent refuses; the rest are warnings, above all blanks and placeholders, which templates
//! are made of. To check something more, add it to the function of its section.

use super::appspec::AppSpec;
use super::appspec_raw::{LoadBalancerInfo, Managed, Permission, Properties, Script, Server, Slot, Target, TargetType, is_placeholder};
use crate::content::diagnostic::{Code, Collector, Finding};
use crate::content::raw::Entries;
use crate::content::tree::{Node, Segment};
use crate::content::yaml::Scalar;
use crate::fleet::deploy::hooks::{CODE_DEPLOY_TIMEOUT, Platform};
use crate::wording::{listed, nearest, shown};

/// What a permission may be for.
const OBJECT_TYPES: [&str; 2] = ["file", "directory"];
/// Operating systems of instances.
const SYSTEMS: [&str; 2] = ["linux", "windows"];
/// What happens to files that are there already (`file_exists_behavior`).
const BEHAVIOURS: [&str; 3] = ["DISALLOW", "OVERWRITE", "RETAIN"];

/// Where findings go, and the tree that has their places.
struct Desk<'a> {
    tree: &'a Node,
    collector: &'a mut Collector,
}

/// A path into the file, such as `hooks/AfterInstall/0/timeout`.
fn segments(path: &str) -> Vec<Segment> {
    let segment = |part: &str| part.parse().map_or_else(|_word| Segment::Key(part.to_owned()), Segment::Index);
    path.split('/').filter(|part| !part.is_empty()).map(segment).collect()
}

impl Desk<'_> {
    fn at_key(&mut self, path: &str, finding: Finding) {
        let place = self.tree.key_place_of(&segments(path));
        self.collector.add(&place, finding);
    }

    fn at_value(&mut self, path: &str, finding: Finding) {
        let place = self.tree.place_of(&segments(path));
        self.collector.add(&place, finding);
    }

    /// Something that must be there: an error if it is not written, a warning if it is left blank.
    fn needs<T>(&mut self, path: &str, key: &str, value: Option<&T>) {
        if value.is_some() {
            return;
        }
        let full = format!("{path}/{key}");
        if self.tree.is_broken_at(&segments(&full)) {
            // What is wrong with it was said.
            return;
        }
        if self.tree.at(&segments(&full)).is_some() {
            self.at_key(&full, Finding::warning(Code::MissingKey, format!("`{key}` is blank")).label("to be filled in"));
        } else {
            self.at_key(path, Finding::error(Code::MissingKey, format!("the key `{key}` is missing")).label(format!("needs `{key}`")));
        }
    }

    /// Something that need not be there, but is a placeholder.
    fn placeholder<T>(&mut self, path: &str, slot: &Slot<T>) {
        if let Slot::Placeholder(text) = slot {
            self.at_value(path, Finding::warning(Code::BadValue, format!("`{}` is a placeholder", shown(text))).label("to be filled in"));
        }
    }

    /// Something that must be one of these words; a placeholder is a warning.
    fn word(&mut self, path: &str, word: &str, known: &'static [&'static str]) {
        if known.contains(&word) {
            return;
        }
        if is_placeholder(word) {
            return self.placeholder(path, &Slot::<()>::Placeholder(word.to_owned()));
        }
        let finding = Finding::error(Code::UnknownChoice, format!("`{}` is not one of the alternatives here", shown(word)));
        self.at_value(
            path,
            finding.suggest(nearest(word, known.iter().copied()), || listed(known.iter().copied()).map(|names| format!("write one of {names}"))),
        );
    }

    fn unused(&mut self, path: &str, message: &str, help: &str) {
        self.at_key(path, Finding::warning(Code::Unused, message).help(help));
    }

    /// A whole number in a range; a placeholder is a warning.
    fn number(&mut self, path: &str, slot: &Slot<Scalar>, what: &str, range: std::ops::RangeInclusive<u64>) {
        self.placeholder(path, slot);
        if let Some(Scalar(text)) = slot.given()
            && !text.trim().parse::<u64>().is_ok_and(|number| range.contains(&number))
        {
            self.at_value(path, Finding::error(Code::BadValue, format!("`{}` is not {what}", shown(text))));
        }
    }
}

/// Looks at a file that could be read.
pub(super) fn review(spec: &AppSpec, tree: &Node, collector: &mut Collector) {
    let mut desk = Desk { tree, collector };
    match spec {
        AppSpec::Server(server) => server_of(server, &mut desk),
        AppSpec::Managed(managed) => managed_of(managed, &mut desk),
    }
}

fn server_of(server: &Server, desk: &mut Desk<'_>) {
    desk.needs("", "version", server.version.as_ref());
    if server.version.is_some_and(|version| version.quoted) {
        desk.at_value("version", Finding::warning(Code::BadValue, "the agent wants a number here, not a text").help("write 0.0 without quotation marks"));
    }
    desk.needs("", "os", server.os.as_ref());
    if let Some(os) = &server.os {
        desk.word("os", os, &SYSTEMS);
    }
    if let Some(behaviour) = &server.file_exists_behavior {
        desk.word("file_exists_behavior", behaviour, &BEHAVIOURS);
    }
    desk.placeholder("files", &server.files);
    for (index, file) in server.files.given().into_iter().flatten().enumerate() {
        let path = format!("files/{index}");
        desk.needs(&path, "source", file.source.as_ref());
        desk.needs(&path, "destination", file.destination.as_ref());
        if file.overwrite.is_some() {
            desk.unused(&format!("{path}/overwrite"), "`overwrite` has no effect", "write `file_exists_behavior: OVERWRITE` beside `files`");
        }
    }
    desk.placeholder("permissions", &server.permissions);
    let windows = server.os.as_deref() == Some("windows");
    if windows && server.permissions.given().is_some_and(|permissions| !permissions.is_empty()) {
        desk.at_key("permissions", Finding::error(Code::Impossible, "permissions are for Linux only"));
    }
    for (index, permission) in server.permissions.given().into_iter().flatten().enumerate() {
        permission_of(permission, &format!("permissions/{index}"), desk);
    }
    scripts_of(server, windows, desk);
}

fn scripts_of(server: &Server, windows: bool, desk: &mut Desk<'_>) {
    desk.placeholder("hooks", &server.hooks);
    let longest = CODE_DEPLOY_TIMEOUT.nanos() / 1_000_000_000;
    for (event, scripts) in server.hooks.given().into_iter().flat_map(Entries::iter) {
        let path = format!("hooks/{event}");
        if !Platform::instance_events().any(|known| known == event) {
            let finding = Finding::warning(Code::UnknownName, format!("`{}` is no event at which scripts run", shown(event)));
            let all = || listed(Platform::instance_events()).map(|names| format!("scripts run at {names}"));
            desk.at_key(&path, finding.label("nothing runs here").suggest(nearest(event, Platform::instance_events()), all));
        }
        desk.placeholder(&path, scripts);
        for (index, script) in scripts.given().into_iter().flatten().enumerate() {
            let path = format!("{path}/{index}");
            desk.needs(&path, "location", script.location.as_ref());
            desk.number(&format!("{path}/timeout"), &script.timeout, "a time in seconds, 1 or more", 1..=u64::MAX);
            if script.seconds().is_some_and(|seconds| seconds > longest) {
                let finding = Finding::warning(Code::TooMuch, format!("an event ends after {longest} seconds, whatever is written here"));
                desk.at_value(&format!("{path}/timeout"), finding);
            }
            if windows && script.runas.is_some() {
                desk.unused(&format!("{path}/runas"), "`runas` has no effect on Windows", "leave it out");
            }
            if script.sudo.is_some() {
                desk.unused(&format!("{path}/sudo"), "`sudo` has no effect", "write `runas: root`");
            }
        }
        let seconds: Vec<u64> = scripts.given().into_iter().flatten().filter_map(Script::seconds).collect();
        let together = seconds.iter().fold(0, |sum: u64, seconds| sum.saturating_add(*seconds));
        if together > longest && seconds.iter().all(|seconds| *seconds <= longest) {
            let finding = Finding::warning(Code::TooMuch, format!("the scripts of `{}` may take {together} seconds together", shown(event)));
            desk.at_key(&path, finding.help(format!("an event ends after {longest} seconds")));
        }
    }
}

fn permission_of(permission: &Permission, path: &str, desk: &mut Desk<'_>) {
    desk.needs(path, "object", permission.object.as_ref());
    desk.placeholder(&format!("{path}/except"), &permission.except);
    desk.placeholder(&format!("{path}/acls"), &permission.acls);
    desk.placeholder(&format!("{path}/context"), &permission.context);
    desk.placeholder(&format!("{path}/type"), &permission.r#type);
    for (index, of) in permission.r#type.given().into_iter().flatten().enumerate() {
        if let Some(Scalar(of)) = of {
            desk.word(&format!("{path}/type/{index}"), of, &OBJECT_TYPES);
        }
    }
    desk.placeholder(&format!("{path}/mode"), &permission.mode);
    if let Some(Scalar(mode)) = permission.mode.given()
        && (mode.len() > 4 || mode.is_empty() || !mode.bytes().all(|digit| (b'0'..=b'7').contains(&digit)))
    {
        let finding = Finding::error(Code::BadValue, format!("`{}` is not a mode", shown(mode)));
        desk.at_value(&format!("{path}/mode"), finding.help("write one to four digits from 0 to 7, such as 644"));
    }
}

fn managed_of(managed: &Managed, desk: &mut Desk<'_>) {
    desk.needs("", "version", managed.version.as_ref());
    let key = if desk.tree.get("Resources").is_some() { "Resources" } else { "resources" };
    desk.placeholder(key, &managed.resources);
    let mut count = 0;
    for (index, targets) in managed.resources.given().into_iter().flatten().enumerate() {
        for (name, target) in targets.iter() {
            count += 1;
            target_of(target, &format!("{key}/{index}/{name}"), desk);
        }
    }
    match count {
        // A target that could not be read is one, too; what is wrong with it was said.
        0 if !desk.collector.has_errors() && !matches!(managed.resources, Slot::Placeholder(_)) => {
            desk.at_key(key, Finding::error(Code::MissingKey, "nothing is deployed to").label("needs a service or a function"));
        }
        0 | 1 => {}
        _ => desk.at_key(key, Finding::error(Code::TooMuch, "a deployment has one service or one function")),
    }
    let hooks = if desk.tree.get("Hooks").is_some() { "Hooks" } else { "hooks" };
    desk.placeholder(hooks, &managed.hooks);
    let platform = managed.targets().next().map(|(_, target)| target.r#type);
    for (index, functions) in managed.hooks.given().into_iter().flatten().enumerate() {
        for (event, function) in functions.iter() {
            let path = format!("{hooks}/{index}/{event}");
            if let Some(platform) = platform {
                event_of(event, platform, &path, desk);
            }
            if function.as_ref().is_none_or(|Scalar(name)| name.trim().is_empty()) {
                desk.at_key(&path, Finding::warning(Code::MissingKey, format!("`{}` names no function", shown(event))).label("to be filled in"));
            }
        }
    }
}

/// Functions run at certain events only.
fn event_of(event: &str, target: TargetType, path: &str, desk: &mut Desk<'_>) {
    let platform = if target == TargetType::Ecs { Platform::Ecs } else { Platform::Lambda };
    let known: Vec<&'static str> = platform.events().iter().filter(|event| event.scriptable).map(|event| event.name).collect();
    if !known.contains(&event) {
        let finding = Finding::error(Code::UnknownName, format!("`{}` is no event at which a function runs", shown(event)));
        let all = || listed(known.iter().copied()).map(|names| format!("functions run at {names}"));
        desk.at_key(path, finding.suggest(nearest(event, known.iter().copied()), all));
    }
}

fn target_of(target: &Target, path: &str, desk: &mut Desk<'_>) {
    let none = Properties::default();
    let properties = target.properties.given().unwrap_or(&none);
    let at = format!("{path}/Properties");
    desk.placeholder(&at, &target.properties);
    if matches!(target.properties, Slot::Placeholder(_)) {
        return;
    }
    if target.properties.is_blank() {
        return desk.needs::<()>(path, "Properties", None);
    }
    let ecs = ["TaskDefinition", "LoadBalancerInfo", "PlatformVersion", "NetworkConfiguration", "CapacityProviderStrategy"];
    let lambda = ["Name", "Alias", "CurrentVersion", "TargetVersion"];
    let (what, foreign): (&str, &[&str]) = if target.r#type == TargetType::Ecs { ("an ECS service", &lambda) } else { ("a Lambda function", &ecs) };
    for key in foreign {
        let path = format!("{at}/{key}");
        if desk.tree.at(&segments(&path)).is_some() {
            desk.at_key(&path, Finding::error(Code::UnknownKey, format!("{what} has no `{key}`")));
        }
    }
    if target.r#type == TargetType::Lambda {
        for (key, value) in lambda.iter().zip([&properties.name, &properties.alias, &properties.current_version, &properties.target_version]) {
            desk.needs(&at, key, value.as_ref());
        }
        return;
    }
    desk.needs(&at, "TaskDefinition", properties.task_definition.as_ref());
    match &properties.load_balancer_info {
        Slot::Given(info) => balancer_of(info, &format!("{at}/LoadBalancerInfo"), desk),
        Slot::Placeholder(_) => desk.placeholder(&format!("{at}/LoadBalancerInfo"), &properties.load_balancer_info),
        Slot::Blank => desk.needs::<()>(&at, "LoadBalancerInfo", None),
    }
    desk.placeholder(&format!("{at}/NetworkConfiguration"), &properties.network_configuration);
    for (index, provider) in properties.capacity_provider_strategy.given().into_iter().flatten().enumerate() {
        let path = format!("{at}/CapacityProviderStrategy/{index}");
        desk.needs(&path, "CapacityProvider", provider.name.as_ref());
        desk.number(&format!("{path}/Base"), &provider.base, "a number of tasks, 0 to 100000", 0..=100_000);
        desk.number(&format!("{path}/Weight"), &provider.weight, "a weight, 0 to 1000", 0..=1_000);
    }
}

fn balancer_of(info: &LoadBalancerInfo, path: &str, desk: &mut Desk<'_>) {
    desk.needs(path, "ContainerName", info.container_name.as_ref());
    desk.number(&format!("{path}/ContainerPort"), &info.container_port, "a port, 1 to 65535", 1..=65_535);
    if info.container_port.is_blank() {
        desk.needs::<()>(path, "ContainerPort", None);
    }
}
