//! kubectl and other Kubernetes clients with credential plugins: an `ExecCredential`.
//!
//! Format: "Client Authentication (v1)" and "(v1beta1)". The version must be the kubeconfig's, which
//! the client passes in `KUBERNETES_EXEC_INFO`.

use std::io::Write;

use serde_json::{Value, json};

use crate::clock::Now;
use crate::commands::get::{Fetch, get};
use crate::commands::session::{Session, environment, write};
use crate::commands::spec::{Execute, Spec};
use crate::error::{Error, Kind};
use crate::output::rfc3339;
use crate::secret::Secret;
use crate::term::text::clean;

pub(super) const COMMAND: Spec = Spec {
    name: "kubectl",
    about: "An ExecCredential: a credential plugin for Kubernetes clients",
    examples: "tok for kubectl cluster",
    ..Spec::of::<Args>()
};

#[derive(Debug, clap::Args)]
#[group(skip)]
struct Args {
    #[command(flatten)]
    fetch: Fetch,
}

impl Execute for Args {
    fn run(&self, session: &Session, out: &mut dyn Write) -> anyhow::Result<()> {
        let info = environment("KUBERNETES_EXEC_INFO");
        let info = info.as_deref().map(|info| info.to_string_lossy());
        let version = api_version(info.as_deref())?;
        let token = get(session, &self.fetch)?.1;
        let expires = token.expires_at_unix_ms(&Now::read());
        write(
            out,
            credential(version, &token.access_token, expires).expose(),
        )
    }
}

const NEWEST: &str = "client.authentication.k8s.io/v1";

const KNOWN: [&str; 2] = [NEWEST, "client.authentication.k8s.io/v1beta1"];

fn api_version(exec_info: Option<&str>) -> Result<&'static str, Error> {
    let Some(text) = exec_info else {
        return Ok(NEWEST);
    };
    let info: Value = serde_json::from_str(text).map_err(|_| {
        Error::new(Kind::Config, "KUBERNETES_EXEC_INFO is not JSON")
            .hint("kubectl sets it; elsewhere unset it, or use `tok token`")
    })?;
    let wanted = info["apiVersion"].as_str().unwrap_or_default();
    KNOWN
        .into_iter()
        .find(|known| *known == wanted)
        .ok_or_else(|| {
            Error::new(
                Kind::Config,
                format!(
                    "KUBERNETES_EXEC_INFO asks for apiVersion `{}`, which tok does not know",
                    clean(wanted, 80)
                ),
            )
            .hint(format!(
                "set the plugin's apiVersion in the kubeconfig to `{NEWEST}`"
            ))
        })
}

fn credential(api_version: &str, token: &Secret, expires_at_unix_ms: Option<i64>) -> Secret {
    let mut status = json!({ "token": token.expose() });
    if let Some(expires) = expires_at_unix_ms {
        status["expirationTimestamp"] = json!(rfc3339(expires));
    }
    let credential =
        json!({ "apiVersion": api_version, "kind": "ExecCredential", "status": status });
    let mut out = Secret::new(credential.to_string());
    out.push("\n");
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_has_the_version_that_was_asked_for() {
        let v1 = "client.authentication.k8s.io/v1";
        let beta = "client.authentication.k8s.io/v1beta1";
        assert_eq!(api_version(None).unwrap(), v1);
        for version in [v1, beta] {
            let info = json!({ "apiVersion": version, "kind": "ExecCredential", "spec": {} });
            assert_eq!(api_version(Some(&info.to_string())).unwrap(), version);
        }
        for bad in [
            "",
            "{}",
            "[]",
            "{\"apiVersion\":\"client.authentication.k8s.io/v1alpha1\"}",
        ] {
            assert_eq!(
                api_version(Some(bad)).unwrap_err().kind(),
                Kind::Config,
                "{bad}"
            );
        }
    }

    #[test]
    fn credential_says_when_it_expires() {
        assert_eq!(
            credential(NEWEST, &Secret::new("a\"b"), Some(1_700_000_000_999)).expose(),
            "{\"apiVersion\":\"client.authentication.k8s.io/v1\",\"kind\":\"ExecCredential\",\"status\":{\"token\":\"a\\\"b\",\"expirationTimestamp\":\"2023-11-14T22:13:20Z\"}}\n"
        );
        assert!(
            !credential(NEWEST, &Secret::new("t"), None)
                .expose()
                .contains("expiration")
        );
    }
}
