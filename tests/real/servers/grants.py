"""Servers that take a platform's identity: authlib's assertion grant (RFC 7523 section 2.1), and stand-ins for Google and Entra.

The stand-ins check with authlib's libraries what the documentation of Google's Security Token Service, its Service Account
Credentials API and Microsoft's identity platform asks for.

usage: grants.py FOLDER
  FOLDER/platform.public.pem   the key that verifies identities
It prints its address once it listens and ends when stdin closes.
"""

import logging
import sys
import threading
from pathlib import Path

from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oauth2.rfc7523 import JWTBearerGrant
from flask import Flask, jsonify, request
from joserfc import jwk, jwt
from joserfc.errors import JoseError
from werkzeug.serving import make_server

logging.getLogger("werkzeug").setLevel(logging.ERROR)
FOLDER = Path(sys.argv[1])
KEY = jwk.RSAKey.import_key((FOLDER / "platform.public.pem").read_text())
PROVIDER = "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/providers/x"
KIND = "urn:ietf:params:oauth:token-type:"
app = Flask(__name__)


class Job(ClientMixin):
    """The client that the issuer of an identity is, and the service account of a key."""

    client_id = "ci"

    def get_client_id(self):
        return self.client_id

    def check_grant_type(self, grant_type):
        return grant_type == JWTBearerGrant.GRANT_TYPE

    def get_allowed_scope(self, scope):
        return scope or ""


class IdentityGrant(JWTBearerGrant):
    def get_audiences(self):
        return ["https://grants.example", request.base_url]

    def resolve_issuer_client(self, issuer):
        return Job() if issuer == "ci" else None

    def resolve_client_public_key(self, client):
        return KEY

    def authenticate_user(self, subject):
        return subject

    def has_granted_permission(self, client, user):
        return user == "ci"


server = AuthorizationServer(app, query_client=lambda _id: None, save_token=lambda _token, _request: None)
server.register_grant(IdentityGrant)


def claims(identity, audience):
    """The claims of an identity whose signature and audience are right."""
    found = jwt.decode(identity, KEY).claims
    jwt.JWTClaimsRegistry(exp={"essential": True}, aud={"essential": True, "value": audience}).validate(found)
    return found


def refused(words, status=400):
    return jsonify(error="invalid_grant", error_description=words), status


@app.post("/authlib/token")
def authlib_token():
    return server.create_token_response()


@app.post("/v1/token")
def sts():
    form = request.form
    expected = {
        "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange",
        "audience": PROVIDER,
        "subject_token_type": KIND + "jwt",
        "requested_token_type": KIND + "access_token",
        "scope": "https://www.googleapis.com/auth/cloud-platform",
    }
    wrong = [name for name, value in expected.items() if form.get(name) != value]
    if wrong or "Authorization" in request.headers:
        return refused(f"wrong: {wrong}")
    try:
        claims(form["subject_token"], "https:" + PROVIDER)
    except (JoseError, ValueError) as error:
        return refused(str(error))
    return jsonify(access_token="federated", issued_token_type=KIND + "access_token", token_type="Bearer", expires_in=3600)


@app.post("/v1/projects/-/serviceAccounts/<account>:generateAccessToken")
def impersonate(account):
    if request.headers.get("Authorization") != "Bearer federated" or account != "sync@p.example":
        return jsonify(error={"code": 403, "message": "denied", "status": "PERMISSION_DENIED"}), 403
    if request.get_json() != {"scope": ["https://www.googleapis.com/auth/cloud-platform"], "lifetime": "3600s"}:
        return jsonify(error={"code": 400, "message": "body", "status": "INVALID_ARGUMENT"}), 400
    return jsonify(accessToken="account", expireTime="2030-01-01T00:00:00Z")


@app.post("/tenant/oauth2/v2.0/token")
def entra():
    form = request.form
    expected = {
        "grant_type": "client_credentials",
        "client_id": "app",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "scope": "https://graph.microsoft.com/.default",
    }
    wrong = [name for name, value in expected.items() if form.get(name) != value]
    if wrong:
        return refused(f"wrong: {wrong}")
    try:
        claims(form["client_assertion"], "api://AzureADTokenExchange")
    except (JoseError, ValueError) as error:
        return refused(f"AADSTS700212: {error}", 401)
    return jsonify(access_token="graph", token_type="Bearer", expires_in=3599)


web = make_server("127.0.0.1", 0, app, threaded=True)
threading.Thread(target=web.serve_forever, daemon=True).start()
print(f"http://127.0.0.1:{web.server_port}", flush=True)
sys.stdin.read()
