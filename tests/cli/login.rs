//! `tok login`: with a code on any device, or in a browser that comes back to a port of this machine.

mod browser;
mod device;

use std::path::PathBuf;

use local_provider::Provider;

use crate::home::Home;

/// A provider, and a profile `p` that logs in to it and keeps its refresh token in a file.
struct Scene {
    provider: Provider,
    home: Home,
}

impl Scene {
    fn new(keys: &str) -> Self {
        let provider = Provider::start();
        let home = Home::with(&format!(
            "[profiles.p]\ntoken_url = '{}'\nclient_id = 'i'\nscope = 'a offline_access'\n\
             secrets = {{ refresh_token = {{ file = 'refresh' }} }}\n{}\n",
            provider.url("/t"),
            keys.replace("URL", &provider.url(""))
        ));
        Self { provider, home }
    }

    fn file(&self) -> PathBuf {
        self.home.config().with_file_name("refresh")
    }

    fn stored(&self) -> Option<String> {
        std::fs::read_to_string(self.file()).ok()
    }

    /// The bodies of the requests for `path`.
    fn bodies(&self, path: &str) -> Vec<String> {
        let requests = self.provider.requests();
        let of_path = requests.iter().filter(|request| request.path == path);
        of_path.map(|request| request.text().to_owned()).collect()
    }
}

const GRANTED: &str =
    r#"{"access_token":"a0","token_type":"Bearer","expires_in":3600,"refresh_token":"r0"}"#;
