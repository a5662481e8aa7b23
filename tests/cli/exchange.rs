//! Token exchange (RFC 8693): what `subject_token` sends with its defaults, and which answers are refused.

use local_provider::{Answer, Provider};

use crate::home::{Home, fails, stdout};

const KIND: &str = "urn:ietf:params:oauth:token-type:";

/// A provider, and a home with profile `p` for it that has `keys`.
fn scene(keys: &str) -> (Provider, Home) {
    let provider = Provider::start();
    provider.answer("/t", Answer::token("t", 3600));
    let home = Home::with(&format!(
        "[profiles.p]\ntoken_url = '{}'\n{keys}\n",
        provider.url("/t")
    ));
    (provider, home)
}

/// The form that a run sends, without the common prefix of token types.
fn sent(keys: &str) -> String {
    let (provider, home) = scene(keys);
    let mut tok = home.tok("token p");
    tok.env("ID", "identity")
        .env("TOK_P_CLIENT_SECRET", "s3cret");
    tok.assert().success().stderr("");
    let pairs = provider.only_request().form();
    let pairs = pairs
        .iter()
        .map(|(name, value)| format!("{name}={}", value.replace(KIND, "")));
    pairs.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_subject_token_makes_it_an_exchange_with_the_usual_types() {
    let grant = "grant_type=urn:ietf:params:oauth:grant-type:token-exchange";
    for (keys, expected) in [
        (
            "identity = { env = 'ID' }\nsubject_token = '${identity}'",
            "subject_token=identity subject_token_type=jwt",
        ),
        (
            "subject_token = '${secret.old}'\nsecrets = { old = { env = 'ID' } }\nrequested_token_type = 'urn:ietf:params:oauth:token-type:jwt'",
            "subject_token=identity subject_token_type=access_token requested_token_type=jwt",
        ),
        (
            "identity = { env = 'ID' }\nsubject_token = 'me'\nsubject_token_type = 'urn:x'\nactor_token = '${identity}'\naudience = 'a'\nresource = ['r', 's']\nscope = 'x'",
            "audience=a scope=x resource=r resource=s subject_token=me subject_token_type=urn:x actor_token=identity actor_token_type=jwt",
        ),
        (
            "identity = { env = 'ID' }\nsubject_token = '${identity}'\nnames = { subject_token = 'subjectToken' }",
            "subjectToken=identity subject_token_type=jwt",
        ),
    ] {
        assert_eq!(sent(keys), format!("{grant} {expected}"), "{keys}");
    }
    let own =
        sent("grant_type = 'urn:own'\nidentity = { env = 'ID' }\nsubject_token = '${identity}'");
    assert!(
        own.starts_with("grant_type=urn:own subject_token=identity"),
        "{own}"
    );
    let client = sent("client_id = 'i'\nauth_method = 'client_secret_post'\nsubject_token = 'x'");
    assert!(
        client.contains("client_id=i client_secret=s3cret"),
        "{client}"
    );
}

#[test]
fn a_step_may_be_an_exchange() {
    let (provider, home) = scene(
        "identity = { env = 'ID' }\nheaders = { x = '${step.sts.access_token}' }\nauth_method = 'none'\ngrant_type = 'none'",
    );
    let config = std::fs::read_to_string(home.config()).unwrap();
    let url = provider.url("/sts");
    home.write_config(&format!(
        "{config}[[profiles.p.steps]]\nname = 'sts'\nurl = '{url}'\nsubject_token = '${{identity}}'\n"
    ));
    let answer = |kind: &str| {
        let issued = format!("{KIND}{kind}");
        Answer::json(
            200,
            serde_json::json!({ "access_token": "federated", "issued_token_type": issued }),
        )
    };
    provider.answer("/sts", answer("access_token"));
    home.tok("token p").env("ID", "identity").assert().success();
    let requests = provider.requests();
    assert!(
        requests[0]
            .text()
            .starts_with("grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&")
    );
    assert_eq!(requests[1].header("x"), Some("federated"));
    provider.answer("/sts", answer("id_token"));
    let refused = home.tok("token p --refresh").env("ID", "identity").assert();
    fails(
        refused,
        7,
        &[
            "step `sts`",
            "token-type:id_token`, which is not an access token",
        ],
    );
}

#[test]
fn a_token_of_another_type_is_not_used() {
    for (requested, issued, words) in [
        (
            None,
            Some("refresh_token"),
            vec![
                "token-type:refresh_token`, which is not an access token",
                "requested_token_type",
            ],
        ),
        (
            Some("access_token"),
            Some("id_token"),
            vec!["token-type:id_token`, not `urn:ietf:params:oauth:token-type:access_token`"],
        ),
        (Some("id_token"), Some("id_token"), vec![]),
        (Some("access_token"), Some("jwt"), vec![]),
        (None, None, vec![]),
    ] {
        let requested = requested.map_or_else(String::new, |kind| {
            format!("requested_token_type = '{KIND}{kind}'")
        });
        let (provider, home) = scene(&format!("subject_token = 'x'\n{requested}"));
        let mut body = serde_json::json!({ "access_token": "t", "expires_in": 60 });
        if let Some(kind) = issued {
            body["issued_token_type"] = format!("{KIND}{kind}").into();
        }
        provider.answer("/t", Answer::json(200, body));
        let run = home.tok("token p").assert();
        if words.is_empty() {
            assert_eq!(stdout(&run.success()), "t\n", "{requested}");
        } else {
            fails(run, 7, &words);
            assert!(home.cached().iter().all(|name| !name.ends_with(".json")));
        }
    }
}
