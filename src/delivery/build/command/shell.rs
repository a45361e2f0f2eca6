//! The shell's own commands and the small tools around them: cheap, but they are most of the lines.
//!
//! To add one, add its name to its line in [`RULES`].

use super::{Family, Rule, Task, look_up, verbs};
use crate::delivery::build::cost::Work;

pub(super) const FAMILY: Family = Family { name: "shell", recognise };

/// Done inside of the shell.
static BUILTIN: Task = Task::plain("shell", |_| Work::on_one_core(0.01));
/// What it prints, `plan` shows: it knows the variables.
static ECHO: Task = Task::plain("echo", |_| Work::on_one_core(0.01));
/// A small program that reads or writes a little.
pub(super) static TEXT: Task = Task::plain("text", |_| Work::on_one_core(0.05));
/// Moving files about.
pub(super) static FILES: Task = Task::plain("files", |_| Work::on_one_core(0.1));
/// Nobody knows the answer in advance.
static ASK: Task = Task::plain("question", |_| Work::on_one_core(0.02)).asking();
/// Packing or unpacking what the build makes or needs: 50 MB in a second.
static ARCHIVE: Task = Task::plain("archive", |context| Work::on_one_core(0.3 + context.project.artifact.get() as f64 / 50e6));
/// A file of 20 MB from somewhere.
static DOWNLOAD: Task = Task::plain("download", |_| Work::on_one_core(0.2).fetching(20e6).and_waiting(0.5));
static CLONE: Task = Task::plain("git clone", |context| Work::on_one_core(1.0).fetching(context.project.repository.get() as f64).and_waiting(1.0));
static FETCH: Task = Task::plain("git fetch", |_| Work::on_one_core(0.3).fetching(1e6).and_waiting(0.8));
static GIT: Task = Task::plain("git", |_| Work::on_one_core(0.1));
static SIGN: Task = Task::plain("signature", |_| Work::on_one_core(0.3));
/// Asking a database or a service once.
static SERVICE: Task = Task::plain("service", |_| Work::on_one_core(0.1).and_waiting(0.5));

const RULES: &[Rule] = &[
    Rule("echo|printf", "*", &ECHO),
    Rule("cd|pushd|popd|export|set|unset|alias|source|.|:|true|false|exit|return|break|continue|read|shift|eval|exec", "*", &BUILTIN),
    Rule("local|declare|typeset|readonly|umask|trap|wait|type|hash|ulimit|let|shopt|mapfile", "*", &BUILTIN),
    Rule("[|[[|test|expr|grep|egrep|fgrep|diff|cmp|which|pgrep|getent|command", "*", &ASK),
    Rule("sed|awk|gawk|cat|tac|cut|tr|head|tail|sort|uniq|wc|tee|rev|paste|column|less|more|split|strings|m4", "*", &TEXT),
    Rule("jq|yq|hclq|envsubst|xargs|jo|crudini|gettext|j2|template|mustache|iconv|dos2unix|base64|od|xxd", "*", &TEXT),
    Rule("basename|dirname|realpath|readlink|pwd|mktemp|stat|file|seq|yes|clear|history|tty|date|uuidgen", "*", &TEXT),
    Rule("env|printenv|whoami|id|uname|hostname|arch|nproc|free|ps|locale|df|du|lscpu|lsb_release|ldconfig", "*", &TEXT),
    Rule("sha256sum|sha512sum|sha1sum|md5sum|shasum|codebuild-hash-files|codebuild-glob-search|codebuild-breakpoint", "*", &TEXT),
    Rule("ls|cp|mv|rm|mkdir|rmdir|touch|ln|chmod|chown|chgrp|find|tree|rsync|install|dd|truncate|rename|setfacl", "*", &FILES),
    Rule("update-alternatives|mount|umount|sync|useradd|groupadd|usermod|adduser", "*", &FILES),
    Rule("tar|zip|unzip|gzip|gunzip|bzip2|xz|7z|zstd|jar|cpio|ar", "*", &ARCHIVE),
    Rule("curl|wget|aria2c|http|scp|sftp", "*", &DOWNLOAD),
    Rule("git", "clone", &CLONE),
    Rule("git", "fetch|pull|push|submodule|ls-remote|lfs", &FETCH),
    Rule("git", "*", &GIT),
    Rule("gpg|gpg2|openssl|cosign|notation|ssh-keygen|ssh-keyscan|ssh-add|ssh-agent|keytool|signtool|jarsigner|rpmsign|debsign|step", "*", &SIGN),
    Rule("psql|mysql|redis-cli|mongo|mongosh|sqlcmd|sqlplus|flyway|liquibase|alembic|vault|sops|chamber|summon", "*", &SERVICE),
    Rule("ssh|nc|ping|dig|nslookup|host|telnet|service|systemctl|iptables|kill|pkill|killall|crontab", "*", &SERVICE),
    Rule("sleep", "*", &SLEEP),
];

fn recognise(words: &[&str]) -> Option<&'static Task> {
    match words {
        // Whatever it is, it only says who it is.
        [_, "--version" | "-version" | "-v" | "-V" | "version" | "--help"] => Some(&TEXT),
        // The second half of `[[ a && b ]]`.
        [.., "]]" | "]"] => Some(&ASK),
        _ => look_up(RULES, words.first()?, verbs(words)),
    }
}

/// It says itself how long; an hour at most, so that no file stops the clock.
static SLEEP: Task = Task::plain("sleep", |context| {
    let (number, unit) = context.words.get(1).map_or(("0", 1.0), |word| match word.strip_suffix(['s', 'm', 'h']) {
        Some(number) if word.ends_with('m') => (number, 60.0),
        Some(number) if word.ends_with('h') => (number, 3_600.0),
        Some(number) => (number, 1.0),
        None => (*word, 1.0),
    });
    let seconds = number.parse::<f64>().ok().filter(|seconds| seconds.is_finite()).unwrap_or(1.0) * unit;
    Work::waiting(seconds.clamp(0.0, 3_600.0))
});

#[cfg(test)]
mod tests {
    use super::super::{Context, recognise};
    use crate::delivery::build::cache::Hits;
    use crate::delivery::build::cost::CostModel;
    use crate::delivery::build::machine::ComputeType;
    use crate::delivery::build::project::{Project, Touched};
    use crate::rng::Stream;

    #[test]
    fn small_tools_are_known() {
        for (command, task) in [
            ("echo hello", "echo"),
            ("/usr/bin/gpg --verify a b", "signature"),
            ("git rev-parse HEAD", "git"),
            ("git clone x", "git clone"),
            ("[ a = b ]", "question"),
            ("node --version", "text"),
            ("php --version", "text"),
        ] {
            let words: Vec<&str> = command.split_whitespace().collect();
            assert_eq!(recognise(&words).map(|found| found.task.name), Some(task), "{command}");
        }
    }

    #[test]
    fn sleeping_takes_as_long_as_it_says() {
        for (command, seconds) in [
            ("sleep 10", 10.0),
            ("sleep 2m", 120.0),
            ("sleep 0.5", 0.5),
            ("sleep infinity", 1.0),
            ("sleep 99999999", 3_600.0),
            ("sleep", 0.0),
            ("sleep -5", 0.0),
        ] {
            let (model, project, hits) = (CostModel::default(), Project::default(), Hits::cold());
            let words: Vec<&str> = command.split_whitespace().collect();
            let found = recognise(&words).expect("sleep");
            let (machine, touched, stream) = (ComputeType::Small, Touched::default(), Stream::root(1));
            let context = Context { model: &model, project: &project, machine, hits: &hits, touched, shard: None, stream, repeat: 0, words: &found.words };
            assert!(((found.task.work)(&context).waiting - seconds).abs() < 1e-9, "{command}");
        }
    }
}
