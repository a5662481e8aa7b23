"""Debian's glewlwyd as an OpenID provider whose endpoints have a double slash in their paths.

usage: python glewlwyd.py FOLDER
It prints its issuer on one line, and ends when stdin closes. Its clients are `me` (confidential) and `app` (public).
FOLDER/first gets the refresh token of a login. GET /approve?user_code=CODE at the address in FOLDER/user approves a device as the user.
"""

import http.cookiejar
import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

folder = sys.argv[1]
with open("/usr/share/dbconfig-common/data/glewlwyd/install/sqlite3", encoding="utf-8") as script:
    database = sqlite3.connect(os.path.join(folder, "db"))
    database.executescript(script.read())
    database.close()
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
base = f"http://127.0.0.1:{port}"
modules = "/usr/lib/glewlwyd"
with open(os.path.join(folder, "glewlwyd.conf"), "w", encoding="utf-8") as conf:
    conf.write(f'''
port = {port}
bind_address = "127.0.0.1"
external_url = "{base}/"
login_url = "login.html"
api_prefix = "api"
cookie_secure = 0
session_key = "session"
admin_scope = "g_admin"
profile_scope = "g_profile"
user_module_path = "{modules}/user"
client_module_path = "{modules}/client"
user_auth_scheme_module_path = "{modules}/scheme"
plugin_module_path = "{modules}/plugin"
hash_algorithm = "SHA512"
log_mode = "console"
log_level = "WARNING"
database = {{ type = "sqlite3"; path = "{folder}/db"; }};
''')
# It ends with this process, however that ends.
command = ["setpriv", "--pdeathsig", "KILL", "glewlwyd", "--config-file", conf.name]
server = subprocess.Popen(command, stdout=sys.stderr)
signal.signal(signal.SIGTERM, lambda *_: sys.exit())


class Unfollowed(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


session = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
user = urllib.request.build_opener(urllib.request.ProxyHandler({}), session)
browser = urllib.request.build_opener(urllib.request.ProxyHandler({}), session, Unfollowed)


def send(method, path, body=None, kind="application/json"):
    request = urllib.request.Request(f"{base}/api/{path}", data=body, method=method, headers={"Content-Type": kind})
    with user.open(request, timeout=10) as answer:
        return answer.read()


def form(path, **parameters):
    body = urllib.parse.urlencode(parameters).encode()
    return json.loads(send("POST", path, body, "application/x-www-form-urlencoded"))


def put(method, path, **members):
    send(method, path, json.dumps(members).encode())


def approve(user_code):
    put("PUT", "auth/grant/app/", scope="g_profile")
    try:
        browser.open(f"{base}/api/oidc/device?code={user_code}&g_continue", timeout=10)
    except urllib.error.HTTPError as answer:
        return "deviceComplete" in answer.headers.get("Location", "")
    return False


for _ in range(100):
    try:
        put("POST", "auth/", username="admin", password="password")
        break
    except urllib.error.URLError:
        time.sleep(0.1)
key = subprocess.run(["openssl", "genrsa", "2048"], capture_output=True, check=True).stdout
public = subprocess.run(["openssl", "rsa", "-pubout"], input=key, capture_output=True, check=True).stdout
put(
    "POST",
    "mod/plugin/",
    module="oidc",
    name="oidc",
    display_name="oidc",
    enabled=True,
    parameters={
        "iss": f"{base}/api/oidc",
        "jwt-type": "rsa",
        "jwt-key-size": "256",
        "key": key.decode(),
        "cert": public.decode(),
        "access-token-duration": 3600,
        "refresh-token-duration": 86400,
        "code-duration": 60,
        "refresh-token-rolling": True,
        "refresh-token-one-use": "always",
        "allow-non-oidc": True,
        "auth-type-code-enabled": True,
        "auth-type-token-enabled": False,
        "auth-type-id-token-enabled": True,
        "auth-type-none-enabled": False,
        "auth-type-password-enabled": False,
        "auth-type-client-enabled": True,
        "auth-type-device-enabled": True,
        "auth-type-refresh-enabled": True,
        "device-authorization-expiration": 60,
        "device-authorization-interval": 1,
        "introspection-revocation-allowed": True,
        "introspection-revocation-allow-target-client": True,
        "subject-type": "public",
        "jwks-show": True,
        "pkce-allowed": True,
    },
)
put(
    "POST",
    "client/",
    client_id="me",
    name="me",
    enabled=True,
    confidential=True,
    client_secret="s3cret",
    password="s3cret",
    scope=["read"],
    authorization_type=["client_credentials"],
    token_endpoint_auth_method=["client_secret_basic"],
    redirect_uri=[],
)
put(
    "POST",
    "client/",
    client_id="app",
    name="app",
    enabled=True,
    confidential=False,
    scope=[],
    authorization_type=["device_authorization", "refresh_token"],
    redirect_uri=[],
)
device = form("oidc/device_authorization", client_id="app", scope="g_profile")
approve(device["user_code"])
login = form(
    "oidc/token",
    grant_type="urn:ietf:params:oauth:grant-type:device_code",
    client_id="app",
    device_code=device["device_code"],
)
with open(os.path.join(folder, "first"), "w", encoding="utf-8") as file:
    file.write(login["refresh_token"])


class User(BaseHTTPRequestHandler):
    def do_GET(self):
        approved = approve(self.path.partition("user_code=")[2])
        self.send_response(204 if approved else 400)
        self.end_headers()

    def log_message(self, *_):
        pass


desk = HTTPServer(("127.0.0.1", 0), User)
with open(os.path.join(folder, "user"), "w", encoding="utf-8") as file:
    file.write(f"http://127.0.0.1:{desk.server_port}")


def end():
    sys.stdin.read()
    server.kill()
    os._exit(0)


threading.Thread(target=end, daemon=True).start()
print(f"{base}/api/oidc", flush=True)
desk.serve_forever()
