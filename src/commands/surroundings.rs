//! The environment variables and files that tok reads and writes, for `--help` and the manual.

pub(crate) const VARIABLES: &[(&str, &str)] = &[
    (
        "TOK_CONFIG",
        "the config file, if --config does not name one",
    ),
    ("TOK_PROFILE", "the profile, if none is typed"),
    (
        "TOK_NAME_SECRET",
        "a secret of profile NAME: TOK_CINT_CLIENT_SECRET",
    ),
    ("TOK_NAME_VAR_X", "the value of ${var.X} in profile NAME"),
    ("TOK_KEYRING", "`off`: do without the OS keyring"),
    (
        "TOK_SHARED_CACHE_X",
        "URL, PASSWORD and KEY of the shared cache; they win over the config",
    ),
    (
        "HTTPS_PROXY, NO_PROXY",
        "proxies and exceptions, by curl's rules",
    ),
    ("SSL_CERT_FILE", "a file with the CA certificates to trust"),
    ("SSL_CERT_DIR", "a folder with the CA certificates to trust"),
    ("NO_COLOR", "no colour; CLICOLOR_FORCE: colour everywhere"),
    ("XDG_CONFIG_HOME", "the folder of tok/config.toml"),
    ("XDG_CACHE_HOME", "the folder of the cache, tok/"),
    ("VISUAL, EDITOR", "the editor of `tok add --from-curl`"),
];

pub(crate) const FILES: &[(&str, &str)] = if cfg!(target_os = "macos") {
    &[
        (
            "~/Library/Application Support/tok/config.toml",
            "the profiles",
        ),
        (
            "~/Library/Caches/tok/",
            "cached tokens, readable only by you",
        ),
    ]
} else if cfg!(windows) {
    &[
        ("%APPDATA%\\tok\\config.toml", "the profiles"),
        (
            "%LOCALAPPDATA%\\tok\\",
            "cached tokens, readable only by you",
        ),
    ]
} else {
    &[
        ("~/.config/tok/config.toml", "the profiles"),
        ("~/.cache/tok/", "cached tokens, readable only by you"),
    ]
};

pub(crate) const EXIT_CODES: &[(&str, &str)] = &[
    ("0", "done"),
    ("1", "unexpected"),
    ("2", "wrong command line"),
    ("3", "wrong config or profile"),
    ("4", "a secret is missing or cannot be read"),
    ("5", "the provider refused"),
    ("6", "the provider was not reached: try again later"),
    ("7", "no usable token in the answer"),
    (
        "8",
        "no connection as configured (TLS, proxy): trying again does not help",
    ),
];
