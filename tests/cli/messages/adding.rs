//! `tok add`: requests that cannot be read, pieces that lack, files that cannot be written, and what is said beside a success.

use local_provider::Answer;

use super::case::Case;

pub fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = [
        "add p",
        "add ../x",
        "add x",
        "add x --provider spotfy",
        "add x --provider zzz",
        "add x --provider spotify",
        "add x --provider auth0 --client-id i",
        "add x --provider spotify --from-curl",
        "add x --token-url http://example.com/ --client-id i",
        "add x --token-url https://example.com/t",
        "add x --token-url https://example.com/t --client-id i --encoding xml",
        "add x --token-url https://example.com/t --client-id i --param k",
        "add x --token-url https://example.com/t --client-id i --default-ttl soon",
        "add x --token-url https://example.com/t --client-id i --response zzz=/a",
        "add x --token-url https://example.com/t --client-id i --dry-run --try",
        "add x --token-url https://example.com/t --client-id i --client-secret hunter2",
        "add x --token-url https://example.com/t --client-id i",
        "add x --token-url https://example.com/t --client-id i --secret api_key --request-header k=${secret.api_key}",
    ]
    .map(Case::tok)
    .into();
    cases.extend(
        [
            "",
            "wget https://example.com/t",
            "curl",
            "curl -sS",
            "curl https://example.com/t --frobnicate",
            "curl https://example.com/t -d",
            "curl https://example.com/t -d 'a=b",
            "curl https://example.com/t -d “a=b”",
            "curl https://example.com/t -d $'\\xzz'",
            "curl https://example.com/t -d a=b hunter2",
            "curl https://example.com/t --data=hunter2",
            "curl https://example.com/t https://example.com/u",
            "curl --url https://example.com/t --url https://example.com/u",
            "curl https://example.com/t --next https://example.com/u",
            "curl -k https://example.com/t",
            "curl -F a=@hunter2 https://example.com/t",
            "curl -T file https://example.com/t",
            "curl -I https://example.com/t",
            "curl -K file https://example.com/t",
            "curl -n https://example.com/t",
            "curl --digest -u a:hunter2 https://example.com/t",
            "curl -E c.pem:hunter2 https://example.com/t",
            "curl -H hunter2 https://example.com/t",
            "curl -d @file https://example.com/t",
            "curl --data-urlencode a@file https://example.com/t",
            "curl -X DELETE https://example.com/t",
            "curl -d '[1]' -H 'Content-Type: application/json' https://example.com/t",
            "curl -d '{\"a\":' -H 'Content-Type: application/json' https://example.com/t",
            "curl -d '{\"a\":1}' -H 'Content-Type: application/x-www-form-urlencoded' https://example.com/t",
            "curl -d a=b -H 'Content-Type: text/xml' https://example.com/t",
            "curl --data-urlencode a=b -H 'Content-Type: application/json' https://example.com/t",
            "curl -d '=hunter2' https://example.com/t",
            "curl -d '{\"a\":null}' -H 'Content-Type: application/json' https://example.com/t",
            "curl -d '{\"a\":18446744073709551615}' -H 'Content-Type: application/json' https://example.com/t",
            "curl -u a:b -H 'Authorization: Basic YTpi' https://example.com/t",
            "curl -u a:<secret> -d grant_type=client_credentials example.com/t -H 'Cookie: a=b'",
            "curl -u a:hunter2 -d grant_type=client_credentials https://example.com/t",
        ]
        .map(|request| Case::tok("add x --from-curl").given(request)),
    );
    cases.extend([
        Case::tok("add x --from-curl").given(vec![b'x'; 257 << 10]),
        Case::tok("add x --from-curl").given(b"\xff"),
        Case::tok("add x --from-curl --client-secret-env E")
            .given("curl -u a:hunter2 -d grant_type=client_credentials https://example.com/t"),
        Case::tok("add x --token-url https://example.com/t --client-id i")
            .configured("[profiles.p\n"),
        Case::tok("add x --token-url https://example.com/t --client-id i")
            .configured("profiles = 7\n"),
        Case::tok(
            "add x --token-url https://example.com/t --client-id i --config nowhere/config.toml",
        )
        .when("the folder would lie in a file", |scene| {
            std::fs::write(scene.home.path().join("nowhere"), "").unwrap();
        }),
        Case::tok("add x --token-url https://example.com/t --client-id i --config here").when(
            "the config is a folder",
            |scene| {
                std::fs::create_dir(scene.home.path().join("here")).unwrap();
            },
        ),
        trying(Answer::token("t", 3600)),
        trying(Answer::refusal(401, "invalid_client", "no such client")),
    ]);
    cases
}

/// `tok add --try`, with a provider that answers so.
fn trying(answer: Answer) -> Case {
    Case::answered(answer)
        .given("curl http://PROVIDER/t -u i:<secret> -d grant_type=client_credentials")
        .with("TOK_X_CLIENT_SECRET", "s3cret")
        .run("add x --from-curl --try")
}
