//! Faults of the config file: it is missing, others may write it, it is not TOML, or its keys are unknown.

use super::case::Case;

pub fn cases() -> Vec<Case> {
    let mut cases: Vec<Case> = [
        "",
        "[profiles.p\n",
        "[profiles.p]\n[profiles.p]\n",
        "[profiles.p]\nclient_id = 'a'\nclient_id = 'b'\n",
        "[profile.p]\n",
        "[profiles.p]\ntoken_ur = 'x'\n",
        "[profiles.p]\nzzz = 'x'\n",
        "[profiles.p]\nclient_id = 7\n",
        "[profiles]\np = 7\n",
        "[profiles.p]\nscope = 7\n",
        "[profiles.p]\nencoding = 'xml'\n",
        "[profiles.p]\nmethod = 'DELETE'\n",
        "[profiles.p]\nauth_method = 'digest'\n",
        "[profiles.p]\ntimeout = 'soon'\n",
        "[profiles.p]\ntimeout = 1.5\n",
        "[profiles.p]\nmax_ttl = '-5s'\n",
        "[profiles.p]\nparams = { d = 2020-01-01 }\n",
        "[profiles.p]\nparams = { d = inf }\n",
        "[profiles.p]\nparams = 'x'\n",
        "[profiles.p]\nresponse = { expires_in_unit = 'weeks' }\n",
        "[profiles.p]\nresponse = { keep = 'x' }\n",
    ]
    .map(Case::config)
    .into();
    cases.push(Case::tok("list").configured(""));
    cases.push(
        Case::tok("token p").when("the config is not UTF-8", |scene| {
            std::fs::write(scene.home.config(), b"[profiles.p]\nclient_id = '\xff'\n").unwrap();
        }),
    );
    cases.push(Case::tok("token p").when("the config has 17 MB", |scene| {
        std::fs::write(scene.home.config(), vec![b'\n'; 17 << 20]).unwrap();
    }));
    cases.push(
        Case::tok("token p").when("anybody may write the config", |scene| {
            use std::os::unix::fs::PermissionsExt;
            let open = std::fs::Permissions::from_mode(0o666);
            std::fs::set_permissions(scene.home.config(), open).unwrap();
        }),
    );
    cases.push(
        Case::tok("token p").when("the config's folder is a file", |scene| {
            let folder = scene.home.config().parent().unwrap().to_owned();
            std::fs::remove_dir_all(&folder).unwrap();
            std::fs::write(&folder, "").unwrap();
        }),
    );
    cases
}
