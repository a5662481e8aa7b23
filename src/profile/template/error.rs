//! Why a template is not valid or has no value; never contains a value.

/// Why a template is not valid or has no value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A `${` without `}`.
    #[error("`${{` is not closed in `{0}`")]
    Unclosed(String),
    /// An empty `${}`.
    #[error("`${{}}` names nothing (a literal `${{` is written `$${{`)")]
    Empty,
    /// An unknown name.
    #[error("`${{{path}}}` is not a known name{}", instead(*near))]
    UnknownName {
        /// The name, dotted.
        path: String,
        /// The closest known name.
        near: Option<&'static str>,
    },
    /// A filter, `a | b`; tok has functions instead.
    #[error(
        "`${{{expression}}}`: unknown filter `{filter}`; functions are called, as in `base64(client_id)`"
    )]
    Filter {
        /// The expression.
        expression: String,
        /// The filter.
        filter: String,
    },
    /// An unknown function.
    #[error("`${{{expression}}}`: unknown function `{function}` (there are {known})")]
    UnknownFunction {
        /// The expression.
        expression: String,
        /// The function.
        function: String,
        /// The known functions.
        known: String,
    },
    /// The engine cannot read or evaluate the expression.
    #[error("`${{{expression}}}`: {detail}")]
    Engine {
        /// The expression.
        expression: String,
        /// The engine's reason.
        detail: String,
    },
    /// A value that would end the host of the URL.
    #[error("`${{{0}}}` is in the host, so its value must not contain `/`, `\\`, `?`, `#` or `@`")]
    EndsHost(String),
    /// A value that the URL parser would drop from the path.
    #[error("the value of `${{{0}}}` is `.` or `..`, which cannot be a part of a URL's path")]
    DotSegment(String),
    /// A text longer than any value may be.
    #[error("`{0}` gives a text longer than {LONGEST_MIB} MiB")]
    TooLong(String),
    /// A result that is neither a text nor a number.
    #[error("`${{{0}}}` does not give a text")]
    NotText(String),
}

/// In MiB; variables that each refer to another twice would otherwise fill the memory.
const LONGEST_MIB: usize = 1;

pub(super) const LONGEST: usize = LONGEST_MIB << 20;

pub(super) const NAMES: [&str; 12] = [
    "client_id",
    "client_secret",
    "secret.NAME",
    "var.NAME",
    "env.NAME",
    "step.NAME.POINTER",
    "value.NAME",
    "body",
    "assertion",
    "identity",
    "access_token",
    "kept.NAME",
];

fn instead(near: Option<&str>) -> String {
    match near {
        Some(near) => format!("; did you mean `{near}`?"),
        None => format!(" (there are {})", NAMES.join(", ")),
    }
}
