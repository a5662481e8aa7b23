//! Why a template is not valid, or has no value. Never contains a value.

/// Why a template is not valid, or has no value. Never contains a value.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TemplateError {
    /// A `${` without its `}`.
    #[error("`${{` is not closed in `{0}`")]
    Unclosed(String),
    /// Nothing between `${` and `}`.
    #[error("`${{}}` names nothing (a literal `${{` is written `$${{`)")]
    Empty,
    /// A name that does not exist.
    #[error("`${{{path}}}` is not a known name{}", instead(*near))]
    UnknownName {
        /// The name, dotted.
        path: String,
        /// The name that was probably meant.
        near: Option<&'static str>,
    },
    /// `a | b`: minijinja knows filters, and tok has functions instead.
    #[error(
        "`${{{expression}}}`: there is no filter `{filter}`; functions are called, as in `base64(client_id)`"
    )]
    Filter {
        /// The expression.
        expression: String,
        /// The filter.
        filter: String,
    },
    /// A function that does not exist.
    #[error("`${{{expression}}}`: there is no function `{function}` (there are {known})")]
    UnknownFunction {
        /// The expression.
        expression: String,
        /// The function.
        function: String,
        /// Those there are, for people.
        known: String,
    },
    /// The engine refuses the expression or cannot evaluate it.
    #[error("`${{{expression}}}`: {detail}")]
    Engine {
        /// The expression.
        expression: String,
        /// The engine's reason.
        detail: String,
    },
    /// A value would end the host that the URL template names.
    #[error("`${{{0}}}` is in the host, so its value must not contain `/`, `\\`, `?`, `#` or `@`")]
    EndsHost(String),
    /// A value would make the URL parser drop a part of the path.
    #[error("the value of `${{{0}}}` is `.` or `..`, which cannot be a part of a URL's path")]
    DotSegment(String),
    /// The text is longer than any value of a request.
    #[error("`{0}` gives a text longer than {LONGEST_MIB} MiB")]
    TooLong(String),
    /// It gives neither a text nor a number.
    #[error("`${{{0}}}` does not give a text")]
    NotText(String),
}

/// The longest text of a template, in MiB: variables that name one another twice each would otherwise fill the memory.
const LONGEST_MIB: usize = 1;

/// The longest text of a template, in bytes.
pub(super) const LONGEST: usize = LONGEST_MIB << 20;

/// Every name, for messages.
pub(super) const NAMES: [&str; 11] = [
    "client_id",
    "client_secret",
    "secret.NAME",
    "var.NAME",
    "env.NAME",
    "step.NAME.POINTER",
    "value.NAME",
    "body",
    "assertion",
    "access_token",
    "kept.NAME",
];

fn instead(near: Option<&str>) -> String {
    match near {
        Some(near) => format!("; did you mean `{near}`?"),
        None => format!(" (there are {})", NAMES.join(", ")),
    }
}
