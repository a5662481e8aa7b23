"""Authlib's authorization server with metadata by RFC 8414 only, for an issuer with a path.

usage: python issuer_authlib.py FOLDER
It prints its issuer on one line, and ends when stdin closes.
"""

import os
import sys
import threading
from wsgiref.simple_server import WSGIRequestHandler, make_server

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

from authlib.integrations.flask_oauth2 import AuthorizationServer  # noqa: E402
from authlib.oauth2.rfc6749 import ClientMixin, grants  # noqa: E402
from authlib.oauth2.rfc7009 import RevocationEndpoint  # noqa: E402
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata  # noqa: E402
from flask import Flask, jsonify  # noqa: E402


class Client(ClientMixin):
    client_id = "me"

    def get_client_id(self):
        return self.client_id

    def check_client_secret(self, client_secret):
        return client_secret == "s3cret"

    def check_endpoint_auth_method(self, method, endpoint):
        return method == "client_secret_post"

    def check_grant_type(self, grant_type):
        return grant_type == "client_credentials"

    def get_allowed_scope(self, scope):
        return scope or ""


class Token:
    def check_client(self, client):
        return client.client_id == "me"


class Credentials(grants.ClientCredentialsGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_post"]


issued = {}


class Revocation(RevocationEndpoint):
    CLIENT_AUTH_METHODS = ["client_secret_post"]

    def query_token(self, token_string, token_type_hint):
        return issued.get(token_string)

    def revoke_token(self, token, request):
        issued.clear()


def save(token, request):
    issued[token["access_token"]] = Token()


app = Flask("authlib")
server = AuthorizationServer(app, query_client=lambda client_id: Client() if client_id == "me" else None, save_token=save)
server.register_grant(Credentials)
server.register_endpoint(Revocation)
app.add_url_rule("/token", "token", server.create_token_response, methods=["POST"])
app.add_url_rule("/revoke", "revoke", lambda: server.create_endpoint_response("revocation"), methods=["POST"])


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


listening = make_server("127.0.0.1", 0, app, handler_class=Quiet)
base = f"http://127.0.0.1:{listening.server_port}"
metadata = AuthorizationServerMetadata(
    issuer=f"{base}/tenant",
    authorization_endpoint=f"{base}/authorize",
    token_endpoint=f"{base}/token",
    token_endpoint_auth_methods_supported=["client_secret_post"],
    revocation_endpoint=f"{base}/revoke",
    response_types_supported=["code"],
    grant_types_supported=["client_credentials"],
)
metadata.validate()
app.add_url_rule("/.well-known/oauth-authorization-server/tenant", "metadata", lambda: jsonify(metadata))
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
print(metadata["issuer"], flush=True)
listening.serve_forever()
