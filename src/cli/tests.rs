//! The command line as somebody at a terminal meets it: what goes where, and which status it ends with.

use super::*;

/// Runs the program; returns the status, standard output and standard error.
fn fleetlab(args: &[&str]) -> (u8, String, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let mut streams = Streams { out: &mut out, err: &mut err, colour: false, progress: false };
    let args = std::iter::once("fleetlab").chain(args.iter().copied());
    let status = run(args, Box::new(|path| anyhow::bail!("the window was opened on {path:?}")), &mut streams);
    (status, String::from_utf8(out).expect("text"), String::from_utf8(err).expect("text"))
}

#[test]
fn alone_it_opens_the_window() {
    let (status, out, err) = fleetlab(&[]);
    assert_eq!((status, out.as_str(), err.as_str()), (UNUSABLE, "", "error: the window was opened on None\n"));
    assert!(fleetlab(&["open", "a.toml"]).2.contains("Some(\"a.toml\")"));
}

#[test]
fn help_is_a_result_and_wrong_use_is_not() {
    for command in [&["--help"][..], &["open", "--help"], &["completions", "-h"], &["--version"]] {
        let (status, out, err) = fleetlab(command);
        assert_eq!((status, err.as_str()), (DONE, ""), "{command:?}");
        assert!(!out.is_empty());
    }
    for command in [&["fly"][..], &["completions", "tcsh"], &["open", "a", "b"]] {
        let (status, out, err) = fleetlab(command);
        assert_eq!((status, out.as_str()), (UNUSABLE, ""), "{command:?}");
        assert!(!err.is_empty());
    }
}

#[test]
fn every_command_has_help_with_examples() {
    use clap::CommandFactory as _;
    Cli::command().debug_assert();
    for command in Cli::command().get_subcommands() {
        let help = fleetlab(&[command.get_name(), "--help"]).1;
        assert!(help.contains("Examples:") && help.contains(&format!("fleetlab {}", command.get_name())), "{help}");
    }
}

#[test]
fn completions_name_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (status, out, _) = fleetlab(&["completions", shell]);
        assert_eq!(status, DONE);
        assert!(out.contains("completions") && out.contains("open"), "{shell}");
    }
}

#[test]
fn a_reader_that_leaves_is_no_failure() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut err = Vec::new();
    let mut streams = Streams { out: &mut Gone, err: &mut err, colour: false, progress: false };
    assert_eq!(run(["fleetlab", "completions", "bash"], Box::new(|_| Ok(())), &mut streams), DONE);
    assert!(err.is_empty());
}
