//! Icons: code points of the embedded icon font (Phosphor, MIT), by what they mean here.
//!
//! To add one, look its code point up in the font's style sheet and give it a name that says what it stands for.

use crate::scenario::ServiceKind;

macro_rules! icons {
    ($($name:ident = $code:literal),+ $(,)?) => { $(pub(crate) const $name: &str = $code;)+ };
}

icons! {
    HOME = "\u{e2c2}",
    MAP = "\u{e67c}",
    DORA = "\u{e628}",
    COMMITS = "\u{e27a}",
    TEAM = "\u{e68e}",
    DEPLOYMENTS = "\u{e390}",
    PERSON = "\u{e4c2}",
    ON_CALL = "\u{e0ce}",
    ASLEEP = "\u{e58e}",
    DEFECT = "\u{e5f4}",
    SETTINGS = "\u{e272}",
    HELP = "\u{e3e8}",
    PLAY = "\u{e3d0}",
    PAUSE = "\u{e39e}",
    SEARCH = "\u{e30c}",
    DARK = "\u{e330}",
    LIGHT = "\u{e472}",
    LANGUAGE = "\u{e4a2}",
    CLOSE = "\u{e4f6}",
    CHECK = "\u{e182}",
    WARNING = "\u{e4e0}",
    FAILING = "\u{e4e2}",
    FAULT = "\u{e2de}",
    DEPLOY = "\u{e3fe}",
    STRATEGY = "\u{e434}",
    ROLL_BACK = "\u{e038}",
    FIT = "\u{e626}",
    SCALE = "\u{e466}",
    RESTART = "\u{e094}",
    LOAD = "\u{e4d6}",
    BROKEN = "\u{e2e4}",
    OPEN = "\u{e256}",
    RECENT = "\u{e1a0}",
    INFO = "\u{e2ce}",
    LIST = "\u{e2f0}",
    LATENCY = "\u{e492}",
    TRAFFIC = "\u{e000}",
    SATURATION = "\u{e228}",
    TARGET = "\u{e47c}",
    CLOCK = "\u{e19a}",
    BACK = "\u{e058}",
    FORWARD = "\u{e06c}",
    PLUS = "\u{e3d4}",
    MINUS = "\u{e32a}",
    COST = "\u{e78e}",
    UNTIL = "\u{ea38}",
    PIPELINE = "\u{e6ec}",
    BRANCH = "\u{e278}",
    BUILD = "\u{e80e}",
    TEST = "\u{e79e}",
    HAND = "\u{e57e}",
    INVOKE = "\u{e2de}",
    TERMINAL = "\u{eae8}",
    LOCK = "\u{e308}",
    PROHIBIT = "\u{e3de}",
    STOP = "\u{e46c}",
    EDIT = "\u{e3b4}",
    NEW_FILE = "\u{e236}",
    UP = "\u{e08e}",
    DOWN = "\u{e03e}",
    REMOVE = "\u{e4a6}",
    GROW = "\u{e1d0}",
    SHRINK = "\u{e1ce}",
    OPENED = "\u{e136}",
    CLOSED = "\u{e13a}",
    FLAG_OFF = "\u{e674}",
    FLAG_ON = "\u{e676}",
    COMPARE = "\u{e750}",
}

/// The icon of a kind of service.
pub(crate) const fn kind(kind: ServiceKind) -> &'static str {
    match kind {
        ServiceKind::Frontend => "\u{e0f4}",
        ServiceKind::Service => "\u{e1da}",
        ServiceKind::Database => "\u{e1de}",
        ServiceKind::Cache => "\u{e610}",
        ServiceKind::Queue => "\u{e4aa}",
        ServiceKind::Gateway => "\u{e422}",
        ServiceKind::External => "\u{e1aa}",
    }
}
