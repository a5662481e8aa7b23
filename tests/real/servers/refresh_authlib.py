"""Authlib's authorization server with one login whose refresh token is replaced at every use.

usage: python refresh_authlib.py FOLDER
It writes the login's first refresh token to FOLDER/first, prints its token endpoint on one line, and ends when stdin closes.
"""

import os
import secrets
import sys
import threading
from wsgiref.simple_server import WSGIRequestHandler, make_server

os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"

from authlib.integrations.flask_oauth2 import AuthorizationServer  # noqa: E402
from authlib.oauth2.rfc6749 import ClientMixin, TokenMixin, grants  # noqa: E402
from flask import Flask  # noqa: E402


class Client(ClientMixin):
    client_id = "app"

    def get_client_id(self):
        return self.client_id

    def check_endpoint_auth_method(self, method, endpoint):
        return method == "none"

    def check_grant_type(self, grant_type):
        return grant_type == "refresh_token"

    def get_allowed_scope(self, scope):
        return scope


class Token(TokenMixin):
    def __init__(self, refresh_token, scope):
        self.refresh_token = refresh_token
        self.scope = scope

    def check_client(self, client):
        return client.client_id == "app"

    def get_scope(self):
        return self.scope


good = {}


class Refresh(grants.RefreshTokenGrant):
    TOKEN_ENDPOINT_AUTH_METHODS = ["none"]
    INCLUDE_NEW_REFRESH_TOKEN = True

    def authenticate_refresh_token(self, refresh_token):
        return good.get(refresh_token)

    def authenticate_user(self, refresh_token):
        return "me"

    def revoke_old_credential(self, refresh_token):
        good.pop(refresh_token.refresh_token, None)


def save(token, request):
    if "refresh_token" in token:
        good[token["refresh_token"]] = Token(token["refresh_token"], token.get("scope", ""))


app = Flask("authlib")
app.config["OAUTH2_REFRESH_TOKEN_GENERATOR"] = True
server = AuthorizationServer(app, query_client=lambda client_id: Client() if client_id == "app" else None, save_token=save)
server.register_grant(Refresh)
app.add_url_rule("/token", "token", server.create_token_response, methods=["POST"])

first = secrets.token_urlsafe(30)
good[first] = Token(first, "read")
with open(os.path.join(sys.argv[1], "first"), "w", encoding="utf-8") as file:
    file.write(first)


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


listening = make_server("127.0.0.1", 0, app, handler_class=Quiet)
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
print(f"http://127.0.0.1:{listening.server_port}/token", flush=True)
listening.serve_forever()
