"""What schemathesis has to know of LinkPulse: who asks.

Most requests are a program's with a key, those about the sign-in itself a person's. Where the system
is and who may sign in, `linkpulse up --run` says.
"""

import json
import os

import requests
import schemathesis

API = os.environ["LINKPULSE_E2E_URL"].rstrip("/") + "/api/v1"
ACCOUNT = {
    "email": os.environ["LINKPULSE_E2E_EMAIL"],
    "password": os.environ["LINKPULSE_E2E_PASSWORD"],
}
# The limit is its own, so that what is tested are answers, and not 429 all the time.
KEY = {
    "name": "API check",
    "scopes": ["read", "write", "create-only", "analytics", "admin"],
    "rate_limit": 1_000_000,
}


def credentials(case, _context=None):
    """The kinds of credentials that an operation takes."""
    security = case.operation.definition.raw.get("security", [])
    return tuple(sorted(name for requirement in security for name in requirement))


def sign_in():
    """The headers of a person."""
    answer = requests.post(f"{API}/session", json=ACCOUNT, timeout=10)
    answer.raise_for_status()
    # Written out: a client keeps it to itself where there is no TLS.
    cookie = answer.headers["Set-Cookie"].split(";")[0]
    return {"Cookie": cookie, "X-Requested-With": "linkpulse"}


def make_key():
    """The headers of a program that may do everything."""
    answer = requests.post(f"{API}/keys", json=KEY, headers=sign_in(), timeout=10)
    answer.raise_for_status()
    return {"Authorization": f"Bearer {answer.json()['secret']}"}


@schemathesis.serializer("application/jsonl")
def lines(_context, value):
    """JSON lines are sent as the text that they are; other values as one line."""
    if isinstance(value, bytes):
        return value
    text = value if isinstance(value, str) else json.dumps(value)
    return text.encode(errors="surrogatepass")


# Kept until one of the tests signs the person out or revokes the key: 401 makes it anew.
@schemathesis.auth(refresh_interval=3600, cache_by_key=credentials)
class Caller:
    """Who asks."""

    def get(self, case, _context):
        """Gets the credential."""
        kinds = credentials(case)
        if "api_key" in kinds:
            return make_key()
        return sign_in() if "session" in kinds else {}

    def set(self, case, headers, _context):
        """Sends it."""
        case.headers.update(headers)
