//! Tools that change a cloud or hand things over to it: `aws`, `cdk`, `sam`, `terraform`, `kubectl`, `helm` …
//!
//! Most of their time is waiting for somebody else's machines. What they change, the simulation does elsewhere; here is
//! only how long the command takes. To add a tool, add its line in [`RULES`].

use super::{Context, Family, Finds, Rule, Task, look_up, verbs};
use crate::delivery::build::cost::Work;
use crate::delivery::check::SuiteKind;

pub(super) const FAMILY: Family = Family { name: "deploy", recognise };

/// Resources that a provider makes or looks up at the same time: Terraform's default parallelism.
const PARALLEL: f64 = 10.0;

/// A cloud takes some 20 s for a resource, and works on several at the same time; a change touches a tenth of them.
fn change(context: &Context<'_>) -> Work {
    let touched = (f64::from(context.project.resources) / 10.0).ceil().max(1.0);
    Work::on_one_core(3.0).and_waiting(15.0 + 20.0 * (touched / PARALLEL).ceil())
}

fn package(context: &Context<'_>) -> Work {
    let bytes = context.project.artifact.get() as f64;
    Work::on_one_core(1.5 + bytes / 50e6).sending(bytes).and_waiting(1.0)
}

/// The command line's interpreter starts, and asks once.
static CALL: Task = Task::plain("aws", |_| Work::on_one_core(0.8).and_waiting(0.4));
static LOGIN: Task = Task::plain("aws ecr get-login", |_| Work::on_one_core(0.8).and_waiting(0.5));
/// What stands first is where it comes from.
static COPY: Task = Task::plain("aws s3", |context| {
    let bytes = context.project.artifact.get() as f64;
    let fetches =
        context.words.iter().find(|word| word.contains("://") || word.contains('.') || word.contains('/')).is_some_and(|word| word.starts_with("s3://"));
    let work = Work::on_one_core(0.8).and_waiting(0.5);
    if fetches { work.fetching(bytes) } else { work.sending(bytes) }
});
/// It asks every few seconds until the other side is done; a rolling deployment of a few tasks takes two minutes.
static WAIT: Task = Task::plain("wait for deployment", |_| Work::waiting(120.0));
static STACK: Task = Task::plain("stack change", change).saying(|_| vec!["stack is complete".to_owned()]);
static TEMPLATE: Task =
    Task::plain("aws cloudformation validate-template", |_| Work::on_one_core(0.8).and_waiting(1.0)).finding(&[Finds::Suite(SuiteKind::Lint)]);
static PACKAGE: Task = Task::plain("package of templates", package).saying(|_| vec!["packaged template written".to_owned()]);
/// The program that describes the stacks is compiled and run.
static SYNTH: Task = Task::plain("cdk synth", |context| Work::on_one_core(8.0 + 0.05 * f64::from(context.project.resources)))
    .finding(&[Finds::Compiler])
    .saying(|context| vec![format!("{} resources synthesised", context.project.resources)]);
static CDK_DEPLOY: Task = Task::plain("cdk deploy", |context| (SYNTH.work)(context).and(package(context)).and(change(context))).finding(&[Finds::Compiler]);
static SAM_BUILD: Task = Task::plain("sam build", super::compile::program).finding(&[Finds::Compiler]);
/// Providers are some hundred megabytes.
static TF_INIT: Task = Task::plain("terraform init", |context| Work::on_one_core(2.0).fetching(120e6 * context.hits.missing(&[".terraform"])).and_waiting(3.0))
    .saying(|_| vec!["working directory is initialised".to_owned()]);
/// Every resource is looked up.
static TF_PLAN: Task = Task::plain("terraform plan", |context| Work::on_one_core(2.0).and_waiting(0.8 * f64::from(context.project.resources) / PARALLEL))
    .finding(&[Finds::Suite(SuiteKind::Lint)])
    .saying(|context| vec![format!("{} resources compared", context.project.resources)]);
static TF_APPLY: Task = Task::plain("terraform apply", |context| (TF_PLAN.work)(context).and(change(context)));
static KUBECTL: Task = Task::plain("kubectl", |_| Work::on_one_core(0.5).and_waiting(0.5));
/// Whatever tool brings the program out.
pub(super) static DEPLOY: Task = Task::plain("deploy", |context| package(context).and(change(context)));
/// Handing the artifact over.
pub(super) static PUBLISH: Task = Task::plain("publish", package);

const RULES: &[Rule] = &[
    Rule("aws", "ecr get-login|ecr get-login-password|ecr-public get-login-password|codeartifact login|codeartifact get-authorization-token", &LOGIN),
    Rule("aws", "s3 cp|s3 sync|s3 mv|s3api put-object|s3api get-object", &COPY),
    Rule("gsutil|azcopy", "*", &COPY),
    Rule("aws", "cloudformation validate-template", &TEMPLATE),
    Rule("aws", "cloudformation package|deploy push|lambda update-function-code|lambda publish-layer-version", &PACKAGE),
    Rule(
        "aws",
        "cloudformation deploy|cloudformation create-stack|cloudformation update-stack|cloudformation execute-change-set|cloudformation delete-stack",
        &STACK,
    ),
    Rule("aws|aws-iam-authenticator|ecs-cli|ecs-deploy|az|gcloud|eksctl|session-manager-plugin", "*", &CALL),
    Rule("cdk|cdk8s|projen", "synth|synthesize|diff|ls|list", &SYNTH),
    Rule("cdk", "deploy|destroy|bootstrap|watch", &CDK_DEPLOY),
    Rule("sam", "build", &SAM_BUILD),
    Rule("sam", "package|publish", &PACKAGE),
    Rule("sam", "deploy|delete|sync", &STACK),
    Rule("terraform|terragrunt|tofu", "init|get", &TF_INIT),
    Rule("terraform|terragrunt|tofu", "plan|refresh|show|import", &TF_PLAN),
    Rule("pulumi", "preview", &TF_PLAN),
    Rule("terraform|terragrunt|tofu", "apply|destroy", &TF_APPLY),
    Rule("pulumi", "up|destroy", &TF_APPLY),
    Rule("cdk|sam|terraform|terragrunt|tofu|pulumi|terraform-docs", "*", &CALL),
    Rule("kubectl", "rollout status|wait", &WAIT),
    Rule("argocd", "app", &WAIT),
    Rule("kubectl|oc|helm|helmfile|kustomize|argocd|flux|istioctl|kubectx", "*", &KUBECTL),
    Rule("serverless|sls|chalice|zappa|eb|copilot|amplify|ansible-playbook|cap|fastlane|skaffold|packer", "*", &DEPLOY),
    Rule("heroku|netlify|vercel|firebase", "*", &DEPLOY),
    Rule("twine|semantic-release|gh|hub|standard-version|release-it", "*", &PUBLISH),
];

fn recognise(words: &[&str]) -> Option<&'static Task> {
    let (program, (verb, next)) = (*words.first()?, verbs(words));
    let waits = match program {
        "aws" => next == "wait",
        "helm" => words.iter().any(|word| matches!(*word, "--wait" | "--atomic")),
        _ => false,
    };
    if waits { Some(&WAIT) } else { look_up(RULES, program, (verb, next)) }
}

#[cfg(test)]
mod tests {
    use super::super::recognise;

    #[test]
    fn tools_are_told_apart_by_their_verbs() {
        for (command, task) in [
            ("aws ecr get-login-password --region x", "aws ecr get-login"),
            ("aws ecr get-login --no-include-email", "aws ecr get-login"),
            ("aws s3 cp a b", "aws s3"),
            ("aws ecs wait services-stable", "wait for deployment"),
            ("aws cloudformation deploy --x", "stack change"),
            ("aws sts get-caller-identity", "aws"),
            ("npm run cdk synth", "cdk synth"),
            ("npx cdk deploy --all", "cdk deploy"),
            ("sam package --template-file x", "package of templates"),
            ("terraform init -input=false", "terraform init"),
            ("terraform apply -auto-approve", "terraform apply"),
            ("kubectl apply -f x", "kubectl"),
            ("kubectl rollout status deployment/x", "wait for deployment"),
            ("helm upgrade --wait x y", "wait for deployment"),
        ] {
            let words: Vec<&str> = command.split_whitespace().collect();
            assert_eq!(recognise(&words).map(|found| found.task.name), Some(task), "{command}");
        }
    }
}
