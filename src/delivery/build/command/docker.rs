//! Images: building, pushing, pulling, logging in.
//!
//! An image is three layers: what it starts from, its dependencies, its program. Which of them a build finds is the
//! business of `cache`; here is what making, fetching and sending them costs. What is made anew has a new digest, so it
//! must be sent even where its content is the same. To add a verb, add its task and its line in [`RULES`].

use super::{Context, Family, Finds, Rule, Task, compile, look_up, packages};
use crate::delivery::build::cache::Layers;
use crate::delivery::build::cost::Work;

pub(super) const FAMILY: Family = Family { name: "docker", recognise };

/// What a core unpacks or packs of a layer in a second [B/s]: gzip's order of magnitude.
const PACKING: f64 = 60e6;

static BUILD: Task = Task::plain("docker build", build).needing_daemon().finding(&[Finds::Compiler]).saying(|context| {
    let layers = layers(context);
    let step = |name: &str, cached: bool| format!("{}{name}", if cached { "CACHED " } else { "" });
    vec![step("FROM base image", layers.base), step("RUN install dependencies", layers.dependencies), step("COPY and build program", layers.program)]
});
static PUSH: Task = Task::plain("docker push", push).needing_daemon().saying(|context| match context.repeat {
    0 => vec![format!("pushed layers of {} bytes", unsent(context) as u64)],
    _ => vec!["layers already exist".to_owned()],
});
static PULL: Task =
    Task::plain("docker pull", |context| if context.hits.layers.base { Work::waiting(1.5) } else { fetch(context.project.base_image.get() as f64) })
        .needing_daemon()
        .saying(|context| vec![if context.hits.layers.base { "image is up to date" } else { "downloaded newer image" }.to_owned()]);
/// Asks the registry once.
static LOGIN: Task = Task::plain("docker login", |_| Work::waiting(1.0)).saying(|_| vec!["login succeeded".to_owned()]);
/// Only names change.
static LOCAL: Task = Task::plain("docker", |_| Work::on_one_core(0.2));
/// The daemon needs a few seconds until it answers.
static DAEMON: Task = Task::plain("dockerd", |_| Work::waiting(3.0));
/// Creating a container takes a second or two; what runs in it nobody knows.
static RUN: Task = Task::plain("docker run", |context| Work::on_one_core(1.5 + context.model.unknown_command.as_secs_f64())).needing_daemon();
/// Several containers, one after the other, and their start.
static COMPOSE: Task = Task::plain("docker compose", |context| fetch(context.project.base_image.get() as f64).and(Work::waiting(10.0))).needing_daemon();
/// Writing or reading the image on disk.
static SAVE: Task = Task::plain("docker save", |context| Work::on_one_core(size(context) / PACKING)).needing_daemon();

const RULES: &[Rule] = &[
    Rule("docker|podman|buildah|docker-compose", "build|bud|bake|buildx build|buildx bake|image build|builder build|compose build", &BUILD),
    Rule("kaniko|executor|jib|ko", "*", &BUILD),
    Rule("docker|podman|buildah|docker-compose", "push|image push|compose push", &PUSH),
    Rule("skopeo|crane", "copy|cp|push", &PUSH),
    Rule("docker|podman|docker-compose", "pull|image pull|compose pull", &PULL),
    Rule("docker|podman|helm", "login|logout", &LOGIN),
    Rule("docker", "compose", &COMPOSE),
    Rule("docker-compose", "*", &COMPOSE),
    Rule("docker|podman", "run|exec", &RUN),
    Rule("docker|podman", "save|load|export|import|commit", &SAVE),
    Rule("docker|podman", "*", &LOCAL),
    Rule("dockerd", "*", &DAEMON),
];

fn recognise(words: &[&str]) -> Option<&'static Task> {
    let (program, rest) = words.split_first()?;
    let mut plain = rest.iter().copied();
    let mut next = || {
        while let Some(word) = plain.next() {
            match word {
                // The values of these are words of their own.
                "--config" | "-c" | "--context" | "-H" | "--host" | "-l" | "--log-level" | "-f" | "--file" | "-p" | "--project-name" => drop(plain.next()),
                _ if word.starts_with('-') => {}
                _ => return word,
            }
        }
        ""
    };
    let verb = next();
    look_up(RULES, program, (verb, next()))
}

/// Which layers are at hand as the build begins.
fn layers(context: &Context<'_>) -> Layers {
    let mut layers = context.hits.layers;
    if context.words.iter().any(|word| word.starts_with("--cache-from")) {
        layers = Layers::after(context.touched, context.project.layer_order);
    }
    if context.has(&["--no-cache", "--no-cache=true"]) {
        layers = Layers { base: layers.base, ..Layers::default() };
    }
    // Whatever an earlier command of this build fetched is here.
    layers.base |= context.repeat > 0 && !context.has(&["--pull"]);
    layers
}

fn build(context: &Context<'_>) -> Work {
    let (layers, project) = (layers(context), context.project);
    let (dependencies, program) = (project.dependency_layer.get() as f64, project.program_layer.get() as f64);
    // Sending the folder to the daemon and reading the Dockerfile.
    let mut work = Work::on_one_core(1.0);
    if !layers.base {
        work = work.and(fetch(project.base_image.get() as f64));
    }
    let from_registry = context.words.iter().any(|word| word.starts_with("--cache-from"));
    if !layers.dependencies {
        work = work.and(packages::everything(context)).and(Work::on_one_core(dependencies / PACKING));
    } else if from_registry {
        work = work.and(fetch(dependencies));
    }
    if !layers.program {
        work = work.and(compile::program(context)).and(Work::on_one_core(program / PACKING));
    } else if from_registry {
        work = work.and(fetch(program));
    }
    work
}

fn fetch(bytes: f64) -> Work {
    Work::on_one_core(bytes / PACKING).fetching(bytes).and_waiting(1.0)
}

fn push(context: &Context<'_>) -> Work {
    // Asking which layers are there, and the manifest.
    if context.repeat > 0 { Work::waiting(1.5) } else { Work::on_one_core(unsent(context) / PACKING).sending(unsent(context)).and_waiting(1.5) }
}

/// Bytes of the layers that were made anew. The image that it starts from is at the registry already, unless it is new.
fn unsent(context: &Context<'_>) -> f64 {
    let (made, project) = (Layers::after(context.touched, context.project.layer_order), context.project);
    let made =
        Layers { base: made.base, dependencies: made.dependencies && context.hits.layers.dependencies, program: made.program && context.hits.layers.program };
    let part = |there: bool, bytes: u64| if there { 0.0 } else { bytes as f64 };
    part(made.base, project.base_image.get()) + part(made.dependencies, project.dependency_layer.get()) + part(made.program, project.program_layer.get())
}

fn size(context: &Context<'_>) -> f64 {
    (context.project.base_image.get() + context.project.dependency_layer.get() + context.project.program_layer.get()) as f64
}

#[cfg(test)]
mod tests {
    use super::super::recognise;
    use super::*;
    use crate::delivery::build::cache::{Before, CacheConfig, CacheMode, CacheType, Hits};
    use crate::delivery::build::cost::CostModel;
    use crate::delivery::build::machine::ComputeType;
    use crate::delivery::build::project::{Project, Touched};
    use crate::rng::Stream;

    /// How long a command takes on a small machine that has every local cache [s].
    fn seconds(command: &str, touched: Touched, on_host: bool) -> f64 {
        let (model, project) = (CostModel::default().without_variation(), Project::default());
        let config = CacheConfig { r#type: CacheType::Local, modes: vec![CacheMode::LocalDockerLayerCache] };
        let hits = Hits::of(&config, None, ComputeType::Small, &project, touched, Before { in_bucket: false, on_host });
        let words: Vec<&str> = command.split_whitespace().collect();
        let found = recognise(&words).expect("a known command");
        let context = Context {
            model: &model,
            project: &project,
            machine: ComputeType::Small,
            hits: &hits,
            touched,
            shard: None,
            stream: Stream::root(1),
            repeat: 0,
            words: &found.words,
        };
        model.time(&(found.task.work)(&context), 2, Stream::root(1)).as_secs_f64()
    }

    #[test]
    fn verbs_are_told_apart() {
        for (command, task) in [
            ("docker build -t x .", "docker build"),
            ("docker buildx build --push .", "docker build"),
            ("docker --config x push y", "docker push"),
            ("docker image push y", "docker push"),
            ("docker compose build", "docker build"),
            ("docker-compose up -d", "docker compose"),
            ("docker tag a b", "docker"),
            ("docker login --username AWS", "docker login"),
        ] {
            let words: Vec<&str> = command.split_whitespace().collect();
            assert_eq!(recognise(&words).map(|found| found.task.name), Some(task), "{command}");
        }
    }

    #[test]
    fn warm_layers_save_what_did_not_change() {
        let cold = seconds("docker build .", Touched::SOURCES, false);
        let warm = seconds("docker build .", Touched::SOURCES, true);
        let nothing = seconds("docker build .", Touched::default(), true);
        let dependencies = seconds("docker build .", Touched { dependencies: true, ..Touched::SOURCES }, true);
        assert!(nothing < warm && warm < dependencies && dependencies < cold, "{nothing} {warm} {dependencies} {cold}");
        assert!((nothing - 1.0).abs() < 1e-9, "only the folder is sent");
        assert!(seconds("docker build --no-cache .", Touched::SOURCES, true) > warm);
        let from_registry = seconds("docker build --cache-from x .", Touched::SOURCES, false);
        assert!(warm < from_registry && from_registry < cold, "{from_registry}");
    }

    #[test]
    fn what_was_made_anew_is_sent() {
        assert!(seconds("docker push x", Touched::SOURCES, true) < seconds("docker push x", Touched::SOURCES, false));
    }
}
