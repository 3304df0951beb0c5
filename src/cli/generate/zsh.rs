//! Completions for zsh: clap's, and options among the arguments.

/// Has zsh offer options also where an argument is expected that it can't complete.
///
/// In clap's script such an argument has no action, and for zsh that is a message that stands alone; nor are options
/// offered behind `*::`. Here its action is a list, of nothing.
pub(super) fn offer_options_everywhere(script: &[u8]) -> Vec<u8> {
    let script = String::from_utf8_lossy(script);
    let lines = script.split_inclusive('\n').map(|line| match line.strip_suffix(":' \\\n") {
        Some(argument) if argument.starts_with("':") || argument.starts_with("'*:") => {
            format!("{}:( )' \\\n", argument.replacen("'*::", "'*:", 1))
        }
        _ => line.to_owned(),
    });
    lines.collect::<String>().into_bytes()
}
