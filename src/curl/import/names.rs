//! Ranks names as a client id's or a secret's, and tells placeholders from values.
//!
//! The ranks come from the requests of some seventy token endpoints. The higher rank wins: `api_key` is the
//! id beside `api_secret`, and the secret on its own.

/// `name` in lower case with `_` between its words, without `your` and `my`: `<YOUR-ClientID>` is `client_id`.
pub(super) fn snake(name: &str) -> String {
    let mut out = String::new();
    let mut before = ' ';
    let mut characters = name.chars().peekable();
    while let Some(c) = characters.next() {
        if !c.is_ascii_alphanumeric() {
            before = c;
            continue;
        }
        let next_is_lower = characters.peek().is_some_and(char::is_ascii_lowercase);
        // `clientId`, `APIKey`: a word begins after a small letter and at the last of several capitals.
        let is_start = c.is_ascii_uppercase()
            && (before.is_ascii_lowercase() || before.is_ascii_uppercase() && next_is_lower);
        if !out.is_empty() && (is_start || !before.is_ascii_alphanumeric()) {
            out.push('_');
        }
        out.push(c.to_ascii_lowercase());
        before = c;
    }
    let mut rest = out.as_str();
    while let Some(shorter) = ["your_", "my_", "the_", "insert_", "enter_", "replace_with_"]
        .iter()
        .find_map(|word| rest.strip_prefix(word))
    {
        rest = shorter;
    }
    let rest = rest.strip_suffix("_here").unwrap_or(rest);
    // `yourDomain` was split at its capital, `yourdomain` was not.
    match rest.strip_prefix("your") {
        Some(word) if word.len() > 2 && !word.starts_with('_') => word.to_owned(),
        _ => rest.to_owned(),
    }
}

/// How certainly a name (in [`snake`] form) is a client id's; 0 is not at all.
pub(super) fn id_rank(name: &str) -> u8 {
    let name = plain(name);
    match name.as_str() {
        "clientid" => 100,
        "appid" | "applicationid" | "consumerkey" | "clientkey" | "corpid" | "partnerid"
        | "roleid" | "oauthconsumerkey" => 90,
        "username" | "user" | "userid" | "login" | "loginid" | "identifier" | "email"
        | "clientcode" | "apiuser" | "apiusername" | "clientname" | "xauthuser" => 70,
        "apikey" | "appkey" | "accesskey" | "accesskeyid" | "keyid" | "apikeyid" | "secretid"
        | "key" | "publickey" | "apiid" | "merchantid" | "accesstokenid" => 60,
        "accountid" | "account" | "id" | "orgid" => 40,
        _ if name.ends_with("clientid") => 95,
        _ if name.ends_with("username") => 65,
        _ if name.ends_with("tokenname") || name.ends_with("keyname") => 50,
        _ => 0,
    }
}

/// How certainly a name (in [`snake`] form) is a secret's; 0 is not at all.
pub(super) fn secret_rank(name: &str) -> u8 {
    let name = plain(name);
    const NO_SECRETS: [&str; 13] = [
        "type", "url", "uri", "name", "format", "method", "version", "expires", "ttl", "path",
        "header", "lifetime", "mode",
    ];
    if NO_SECRETS.iter().any(|end| name.ends_with(end)) {
        return 0;
    }
    match name.as_str() {
        "clientsecret" => 100,
        "secretid" => 80,
        "pass" | "pwd" | "passwd" | "password" | "passphrase" | "passcode" => 70,
        "apikey" | "appkey" | "accesskey" | "key" | "licensekey" | "privatekey" | "devkey"
        | "authkey" | "clientkey" | "partnerkey" => 50,
        "assertion" | "clientassertion" | "jwt" | "credentials" => 45,
        "token" | "code" | "authorization" => 30,
        _ if name.ends_with("clientsecret") => 95,
        _ if name.ends_with("secret") => 90,
        _ if name.ends_with("secretkey") || name.ends_with("secretaccesskey") => 85,
        _ if name.contains("secret") => 75,
        _ if name.contains("password") || name.ends_with("pwd") => 68,
        _ if name.ends_with("accesskey") || name.ends_with("apikey") => 50,
        _ if name.ends_with("appkey") || name.ends_with("subscriptionkey") => 48,
        _ if name.ends_with("authkey") || name.ends_with("privatekey") => 48,
        _ if name.ends_with("token") || name.ends_with("assertion") => 40,
        _ => 0,
    }
}

/// The name without underscores and a header field's `x_`.
fn plain(snake: &str) -> String {
    let name = snake.strip_prefix("x_").unwrap_or(snake);
    name.chars().filter(|c| *c != '_').collect()
}

/// Whether `value` of a client id or secret `name` is a placeholder.
pub(super) fn asks(name: &str, value: &str) -> bool {
    let text = value.trim();
    let lower = text.to_ascii_lowercase();
    let own = snake(text);
    let has_digit = text.bytes().any(|byte| byte.is_ascii_digit());
    let is_masked = text.len() > 2 && text.chars().all(|c| "xX*.-_•#0".contains(c));
    // `CLIENT_SECRET`, `APIKEY`: random characters have digits or both cases.
    let is_upper_case = !has_digit
        && text.len() > 1
        && text
            .chars()
            .all(|c| c.is_ascii_uppercase() || "_- ".contains(c));
    text.is_empty()
        || is_masked
        || is_upper_case
        || bracketed(text).is_some()
        || [
            "…",
            "...",
            "***",
            "xxxx",
            "your",
            "$(",
            "example",
            "placeholder",
            "changeme",
            "insert",
            "replace",
        ]
        .iter()
        .any(|mark| lower.contains(mark))
        || [
            "string", "secret", "password", "token", "text", "value", "null", "id", "user",
        ]
        .contains(&lower.as_str())
        || !has_digit && plain(&own) == plain(name)
        // `my-client-id`, `api key`
        || !has_digit && text.contains([' ', '_', '-']) && id_rank(&own).max(secret_rank(&own)) > 0
}

/// The name in `text` if all of it is one placeholder.
pub(super) fn bracketed(text: &str) -> Option<&str> {
    match hole(text) {
        Some((0, end, name)) if end == text.len() => Some(name),
        _ => None,
    }
}

/// The first placeholder in `text`, as start, end and name: `{{a}}`, `{a}`, `<a>`, `${a}`, `$A`, `[a]`, `%a%`,
/// `YOUR_A`, `your-a`, `$(…)`.
pub(super) fn hole(text: &str) -> Option<(usize, usize, &str)> {
    const BRACKETS: [(&str, &str); 7] = [
        ("{{", "}}"),
        ("${", "}"),
        ("$(", ")"),
        ("{", "}"),
        ("<", ">"),
        ("[", "]"),
        ("%", "%"),
    ];
    for (at, _) in text.char_indices() {
        let rest = &text[at..];
        for (open, close) in BRACKETS {
            let Some(inside) = rest.strip_prefix(open) else {
                continue;
            };
            // A substitution may contain brackets.
            let end = match open {
                "$(" => inside.rfind(close),
                _ => inside.find(close),
            };
            if let Some(end) = end {
                let name = &inside[..end];
                let fits = match open {
                    "$(" => true,
                    // Percent-encoded characters also come in pairs of `%`.
                    "%" => {
                        name.len() > 3
                            && name
                                .bytes()
                                .all(|byte| byte.is_ascii_uppercase() || byte == b'_')
                    }
                    _ => is_name(name),
                };
                if fits {
                    return Some((at, at + open.len() + end + close.len(), name));
                }
            }
        }
        let word_end = |rest: &str, also: &str| {
            rest.find(|c: char| !(c.is_ascii_alphanumeric() || also.contains(c)))
                .unwrap_or(rest.len())
        };
        if let Some(name) = rest.strip_prefix('$') {
            let end = word_end(name, "_");
            if name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') {
                return Some((at, at + 1 + end, &name[..end]));
            }
        }
        let is_start = !text[..at].ends_with(|c: char| c.is_ascii_alphanumeric());
        if is_start && (rest.starts_with("your") || rest.starts_with("YOUR")) {
            let end = word_end(rest, "_-");
            if rest[4..end].trim_start_matches(['-', '_']).len() > 2 {
                return Some((at, at + end, &rest[..end]));
            }
        }
    }
    None
}

/// Whether a text in brackets can be a placeholder's name.
fn is_name(text: &str) -> bool {
    let has_letter = text.bytes().any(|byte| byte.is_ascii_alphabetic());
    let fits = |c: char| c.is_ascii_alphanumeric() || " _-.:()/'".contains(c);
    has_letter && text.len() <= 60 && text.chars().all(fits) && !text.starts_with([' ', '/'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_every_spelling_become_one() {
        let cases = [
            ("clientId", "client_id"),
            ("YOUR_CLIENT_ID", "client_id"),
            ("Your client ID", "client_id"),
            ("APIKey", "api_key"),
            ("Finicity-App-Key", "finicity_app_key"),
            ("your-tenant", "tenant"),
            ("yourDomain", "domain"),
            ("yourcompany", "company"),
            ("ENTER_API_KEY_HERE", "api_key"),
            ("x-api-key", "x_api_key"),
            ("WM_SVC.NAME", "wm_svc_name"),
            ("…", ""),
        ];
        for (name, expected) in cases {
            assert_eq!(snake(name), expected, "{name}");
        }
    }

    #[test]
    fn the_more_specific_name_ranks_higher() {
        let secrets = [
            "client_secret",
            "app_secret",
            "secret_key",
            "secret_id",
            "password",
            "api_key",
            "refresh_token",
            "token",
        ];
        assert!(
            secrets
                .windows(2)
                .all(|two| secret_rank(two[0]) > secret_rank(two[1]))
        );
        let ids = ["client_id", "app_id", "username", "api_key", "account_id"];
        assert!(ids.windows(2).all(|two| id_rank(two[0]) > id_rank(two[1])));
        for none in [
            "grant_type",
            "scope",
            "audience",
            "token_type",
            "token_url",
            "user_access_type",
            "redirect_uri",
            "tenant_id",
        ] {
            assert_eq!((id_rank(none), secret_rank(none)), (0, 0), "{none}");
        }
    }

    #[test]
    fn placeholders_are_told_from_values() {
        for placeholder in [
            "",
            "<YOUR_CLIENT_SECRET>",
            "{client_secret}",
            "{{clientSecret}}",
            "$CLIENT_SECRET",
            "${CLIENT_SECRET}",
            "YOUR_SECRET",
            "your-client-secret",
            "CLIENT_SECRET",
            "client_secret",
            "clientSecret",
            "xxxxxxxx",
            "********",
            "abcd...",
            "abc…",
            "string",
            "my-secret",
            "the secret of your app",
            "[client secret]",
            "client secret",
            "%CLIENT_SECRET%",
            "$(cat secret)",
            "example-secret",
        ] {
            assert!(asks("client_secret", placeholder), "{placeholder}");
        }
        for value in [
            "dGhpcyBpcyBub3Q",
            "3f9a0b7c",
            "hunter2",
            "p@ssw0rd!",
            "AKIAIOSFODNN7",
            "correct horse battery",
            "my-hotel",
        ] {
            assert!(!asks("client_secret", value), "{value}");
        }
    }

    #[test]
    fn the_first_placeholder_is_found_in_every_notation() {
        let cases = [
            ("https://{domain}/x", Some("domain")),
            ("https://<your domain>/x", Some("your domain")),
            ("https://{{host}}/x", Some("host")),
            ("https://$HOST/x", Some("HOST")),
            ("https://${HOST}/x", Some("HOST")),
            ("https://YOUR_DOMAIN/x", Some("YOUR_DOMAIN")),
            ("https://your-domain.example.com/x", Some("your-domain")),
            ("https://yourcompany.example.com/x", Some("yourcompany")),
            (
                "Basic $(echo -n a:b | base64)",
                Some("echo -n a:b | base64"),
            ),
            ("a%20b%20c", None),
            ("repository:a/b:pull", None),
            ("{\"a\": 1}", None),
            ("a < b > c", None),
            ("colour", None),
            ("https://api.example.com/yours", None),
        ];
        for (text, expected) in cases {
            assert_eq!(hole(text).map(|(_, _, name)| name), expected, "{text}");
        }
    }
}
