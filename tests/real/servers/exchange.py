"""idpyoidc's token exchange (RFC 8693) over HTTP. It exchanges tokens that it issued itself.

usage: exchange.py FOLDER
  FOLDER/subject   an access token of user diana for `client`, written before it listens
It prints its address once it listens and ends when stdin closes. Its client is `client`, with the secret below.
"""

import logging
import sys
import threading
from pathlib import Path

from flask import Flask, jsonify, request
from idpyoidc.message.oauth2 import AuthorizationRequest
from idpyoidc.server import Server
from idpyoidc.server.authn_event import create_authn_event
from idpyoidc.server.authz import AuthzHandling
from idpyoidc.server.client_authn import verify_client
from idpyoidc.server.configure import ASConfiguration
from idpyoidc.server.user_info import UserInfo
from werkzeug.serving import make_server

logging.getLogger("werkzeug").setLevel(logging.ERROR)
FOLDER = Path(sys.argv[1])
CRYPT = {
    "kwargs": {
        "keys": {"key_defs": [{"type": "OCT", "use": ["enc"], "kid": kid} for kid in ("password", "salt")]},
        "iterations": 1,
    }
}
MINTS = {"supports_minting": ["access_token", "refresh_token"], "expires_in": 600}

server = Server(
    ASConfiguration(
        conf={
            "issuer": "https://exchange.example/",
            "httpc_params": {"verify": False, "timeout": 1},
            "keys": {"uri_path": "jwks.json", "key_defs": [{"type": "EC", "crv": "P-256", "use": ["sig"]}]},
            "endpoint": {
                "token": {
                    "path": "token",
                    "class": "idpyoidc.server.oauth2.token.Token",
                    "kwargs": {"client_authn_method": ["client_secret_basic", "client_secret_post"]},
                }
            },
            "authentication": {
                "anon": {
                    "acr": "urn:oasis:names:tc:SAML:2.0:ac:classes:InternetProtocolPassword",
                    "class": "idpyoidc.server.user_authn.user.NoAuthn",
                    "kwargs": {"user": "diana"},
                }
            },
            "userinfo": {"class": UserInfo, "kwargs": {"db": {}}},
            "client_authn": verify_client,
            "authz": {
                "class": AuthzHandling,
                "kwargs": {
                    "grant_config": {
                        "usage_rules": {"authorization_code": MINTS, "access_token": MINTS, "refresh_token": MINTS},
                        "expires_in": 43200,
                    }
                },
            },
            "token_handler_args": {
                "jwks_def": {"key_defs": [{"type": "oct", "bytes": 24, "use": ["enc"], "kid": "code"}]},
                "code": {"lifetime": 600, "kwargs": {"crypt_conf": CRYPT}},
                "token": {
                    "class": "idpyoidc.server.token.jwt_token.JWTToken",
                    "kwargs": {"lifetime": 3600, "aud": ["https://api.example"]},
                },
                "refresh": {
                    "class": "idpyoidc.server.token.jwt_token.JWTToken",
                    "kwargs": {"lifetime": 3600, "aud": ["https://api.example"]},
                },
            },
            "session_params": {"encrypter": CRYPT},
        },
        base_path=str(FOLDER),
    ),
    cwd=str(FOLDER),
)
context = server.context
context.map_supported_to_preferred()
context.cdb["client"] = {
    "client_secret": "a secret of the exchanging client",
    "redirect_uris": [("https://client.example/cb", None)],
    "client_salt": "salted",
    "token_endpoint_auth_method": "client_secret_post",
    "grant_types_supported": ["authorization_code", "urn:ietf:params:oauth:grant-type:token-exchange"],
    "response_types_supported": ["code"],
    "allowed_scopes": ["openid", "profile"],
}

asked = AuthorizationRequest(
    client_id="client",
    redirect_uri="https://client.example/cb",
    scope=["openid"],
    state="state",
    response_type="code",
)
sessions = context.session_manager
session = sessions.create_session(create_authn_event("diana"), asked, "diana", client_id="client", sub_type="public")
grant = context.authz(session, asked)
subject = grant.mint_token(
    session_id=sessions.encrypted_session_id("diana", "client", grant.id),
    context=context,
    token_class="access_token",
    token_handler=sessions.token_handler["access_token"],
    usage_rules=grant.usage_rules.get("access_token", {}),
)
subject.expires_at = 4102444800
(FOLDER / "subject").write_text(subject.value)

app = Flask(__name__)


@app.post("/token")
def token():
    endpoint = server.get_endpoint("token")
    headers = {name.lower(): value for name, value in request.headers.items()}
    parsed = endpoint.parse_request(request.form.to_dict(), {"headers": headers})
    answer = parsed if "error" in parsed else endpoint.process_request(request=parsed)
    if "error" in answer:
        return jsonify(answer.to_dict() if hasattr(answer, "to_dict") else answer), 400
    return answer["response_args"].to_json(), 200, {"Content-Type": "application/json"}


web = make_server("127.0.0.1", 0, app)
threading.Thread(target=web.serve_forever, daemon=True).start()
print(f"http://127.0.0.1:{web.server_port}", flush=True)
sys.stdin.read()
