//! Scanners: known vulnerabilities, secrets, dangerous settings; and analysers that follow values through the code.
//!
//! To add one, add its line in [`RULES`].

use super::{Context, Family, Finds, Rule, Task, look_up, verbs};
use crate::delivery::build::cost::Work;
use crate::delivery::check::SuiteKind;

pub(super) const FAMILY: Family = Family { name: "scan", recognise };

/// What is known to be vulnerable is fetched first: some 40 MB.
const DATABASE: f64 = 40e6;

fn read(context: &Context<'_>, kind: SuiteKind) -> Vec<String> {
    vec![format!("{} files scanned, no findings", context.suite(kind).1)]
}

pub(super) static SCAN: Task = Task::plain("security scan", |context| context.suite(SuiteKind::SecurityScan).0.fetching(DATABASE))
    .finding(&[Finds::Suite(SuiteKind::SecurityScan)])
    .saying(|context| read(context, SuiteKind::SecurityScan));
/// Every layer of the image is read.
static IMAGE: Task = Task::plain("image scan", |context| {
    let image = context.project.base_image.get() + context.project.dependency_layer.get() + context.project.program_layer.get();
    Work::on_cores(image as f64 / 30e6, 0.4).fetching(DATABASE).and_waiting(1.0)
})
.finding(&[Finds::Suite(SuiteKind::SecurityScan)]);
pub(super) static ANALYSIS: Task = Task::plain("static analysis", |context| context.suite(SuiteKind::StaticAnalysis).0.and_waiting(3.0))
    .finding(&[Finds::Suite(SuiteKind::StaticAnalysis)])
    .saying(|context| read(context, SuiteKind::StaticAnalysis));

const RULES: &[Rule] = &[
    Rule("trivy", "fs|config|repo", &SCAN),
    Rule("trivy|grype|syft|clairctl|anchore|anchore-cli|dockle|docker-scout|inspector-sbomgen", "*", &IMAGE),
    Rule("snyk", "container", &IMAGE),
    Rule("snyk|checkov|tfsec|terrascan|kics|cfn_nag|cfn_nag_scan|cfn-nag|cfn-nag-scan|regula|cfripper|conftest|opa|infracost", "*", &SCAN),
    Rule("bandit|safety|pip-audit|trufflehog|gitleaks|git-secrets|detect-secrets|gosec|govulncheck|osv-scanner", "*", &SCAN),
    Rule("brakeman|bundler-audit|bundle-audit|dependency-check|dependency-check.sh|retire|auditjs", "*", &SCAN),
    Rule("kubesec|kube-score|kube-linter|prowler|steampipe|cloudsploit|zap-baseline.py|zap.sh|nikto", "*", &SCAN),
    Rule("cargo", "audit|deny", &SCAN),
    Rule("dotnet", "list", &SCAN),
    Rule("sonar-scanner|sonar|sonarqube-scanner|dotnet-sonarscanner|semgrep|codeql|spotbugs|findbugs|infer", "*", &ANALYSIS),
    Rule("coverity|cov-build|fortify|veracode|codeguru|codeguru-reviewer|aws-codeguru-cli|deepsource", "*", &ANALYSIS),
    Rule("dotnet", "sonarscanner", &ANALYSIS),
];

fn recognise(words: &[&str]) -> Option<&'static Task> {
    look_up(RULES, words.first()?, verbs(words))
}

#[cfg(test)]
mod recognition {
    use super::super::recognise;

    #[test]
    fn readers_of_code_are_told_apart() {
        for (command, task) in [
            ("trivy image x:latest", "image scan"),
            ("trivy fs .", "security scan"),
            ("npm audit --production", "security scan"),
            ("cfn_nag_scan --input-path iac/", "security scan"),
            ("sonar-scanner -Dx=y", "static analysis"),
            ("mvn sonar:sonar", "static analysis"),
            ("terraform validate", "lint of files"),
            ("go vet ./...", "lint"),
            ("mypy src", "type check"),
        ] {
            let words: Vec<&str> = command.split_whitespace().collect();
            assert_eq!(recognise(&words).map(|found| found.task.name), Some(task), "{command}");
        }
    }
}
