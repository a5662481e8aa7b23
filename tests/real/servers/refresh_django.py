"""django-oauth-toolkit with one login whose refresh token is replaced at every use; a used one revokes the login.

usage: python refresh_django.py FOLDER
It writes the login's first refresh token to FOLDER/first, prints its token endpoint on one line, and ends when stdin closes.
"""

import os
import secrets
import sys
import threading
from datetime import timedelta
from wsgiref.simple_server import WSGIRequestHandler, make_server

import django
from django.conf import settings

folder = sys.argv[1]
settings.configure(
    SECRET_KEY=secrets.token_hex(30),
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes", "oauth2_provider"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": os.path.join(folder, "db")}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
    OAUTH2_PROVIDER={
        "ROTATE_REFRESH_TOKEN": True,
        "REFRESH_TOKEN_REUSE_PROTECTION": True,
        "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": 0,
        "SCOPES": {"read": "read"},
        "PKCE_REQUIRED": False,
    },
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.core.wsgi import get_wsgi_application  # noqa: E402
from django.urls import include, path  # noqa: E402
from django.utils import timezone  # noqa: E402
from oauth2_provider.models import AccessToken, Application, RefreshToken  # noqa: E402

urlpatterns = [path("o/", include("oauth2_provider.urls", namespace="oauth2_provider"))]

call_command("migrate", verbosity=0)
user = User.objects.create_user("me")
app = Application.objects.create(
    name="app",
    client_id="app",
    user=user,
    client_type=Application.CLIENT_PUBLIC,
    authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
    redirect_uris="https://app.example.com/",
)
access = AccessToken.objects.create(
    user=user, application=app, token=secrets.token_hex(20), scope="read", expires=timezone.now() + timedelta(hours=1)
)
first = secrets.token_hex(20)
RefreshToken.objects.create(user=user, application=app, token=first, access_token=access)
with open(os.path.join(folder, "first"), "w", encoding="utf-8") as file:
    file.write(first)


class Quiet(WSGIRequestHandler):
    def log_message(self, *_):
        pass


listening = make_server("127.0.0.1", 0, get_wsgi_application(), handler_class=Quiet)
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
print(f"http://127.0.0.1:{listening.server_port}/o/token/", flush=True)
listening.serve_forever()
