"""django-oauth-toolkit with the device flow, where a logged-in user decides about each device on its pages.

usage: python login_django.py FOLDER
  FOLDER/user            an address for the user's decisions
  GET /approve?user_code=CODE, /deny?user_code=CODE   there: decides through the server's forms
It prints its issuer on one line, and ends when stdin closes.
"""

import os
import secrets
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings

folder = sys.argv[1]
settings.configure(
    SECRET_KEY=secrets.token_hex(30),
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
        "oauth2_provider",
    ],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(folder, "db")}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)

listening = make_server("127.0.0.1", 0, None)
base = f"http://127.0.0.1:{listening.server_port}"
settings.OAUTH2_PROVIDER = {
    "ROTATE_REFRESH_TOKEN": True,
    "SCOPES": {"read": "read"},
    "DEFAULT_SCOPES": ["read"],
    "DEVICE_FLOW_INTERVAL": 1,
    "OAUTH_DEVICE_VERIFICATION_URI": f"{base}/o/device/",
}
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.test import Client  # noqa: E402
from django.urls import include, path  # noqa: E402
from oauth2_provider.models import Application  # noqa: E402
from oauth2_provider.urls import metadata_urlpatterns  # noqa: E402

urlpatterns = [
    path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
    path("", include((metadata_urlpatterns, "oauth2_metadata"))),
]

call_command("migrate", verbosity=0)
me = User.objects.create_user("me")
Application.objects.create(
    name="app",
    client_id="app",
    client_type=Application.CLIENT_PUBLIC,
    authorization_grant_type=Application.GRANT_DEVICE_CODE,
)


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


class Desk(BaseHTTPRequestHandler):
    def do_GET(self):
        url = urlsplit(self.path)
        browser = Client(SERVER_NAME="127.0.0.1")
        browser.force_login(me)
        typed = browser.post("/o/device/", {"user_code": parse_qs(url.query)["user_code"][0]})
        action = {"/approve": "accept", "/deny": "deny"}[url.path]
        decided = browser.post(typed.headers.get("Location", "/"), {"action": action})
        self.send_response(204 if decided.status_code == 302 else 400)
        self.end_headers()

    def log_message(self, *_):
        pass


listening.set_app(get_wsgi_application())
listening.RequestHandlerClass = Quiet
desk = HTTPServer(("127.0.0.1", 0), Desk)
with open(os.path.join(folder, "user"), "w", encoding="utf-8") as file:
    file.write(f"http://127.0.0.1:{desk.server_port}")
threading.Thread(target=desk.serve_forever, daemon=True).start()
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
print(f"{base}/o", flush=True)
listening.serve_forever()
