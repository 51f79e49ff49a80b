"""An identity provider on loopback, for tests: it describes itself, publishes keys, and signs what it is told to."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

CLIENT = "incident-tui"


class TestProvider:
    """``codes`` maps an authorization code to what was asked for it; ``subject`` is who signs in next."""

    __test__ = False

    def __init__(self) -> None:
        self.rsa = RSAKey.generate_key(2048, {"kid": "one", "use": "sig"}, private=True)
        self.ec = ECKey.generate_key("P-256", {"kid": "two", "use": "sig"}, private=True)
        self.published: list[Any] = [self.rsa, self.ec]
        self.issuer = ""
        self.subject = "patel"
        self.more: dict[str, Any] = {}
        self.now = 1_800_000_000
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []

    def claims(self, nonce: str, /, **changed: Any) -> dict[str, Any]:
        said = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": self.subject,
            "nonce": nonce,
            "iat": self.now,
            "exp": self.now + 300,
            **self.more,
            **changed,
        }
        return {name: value for name, value in said.items() if value is not None}

    def token(self, claims: dict[str, Any], *, alg: str = "RS256", key: Any = None, **header: Any) -> str:
        signer = key or (self.ec if alg.startswith("ES") else self.rsa)
        named = {"alg": alg, "kid": signer.kid, **header}
        return jwt.encode({k: v for k, v in named.items() if v is not None}, claims, signer, algorithms=[alg])

    # -- over http ----------------------------------------------------------------------------------------------

    def get(self, path: str) -> dict[str, Any] | str | None:
        self.asked.append(path)
        parts = urllib.parse.urlsplit(path)
        if parts.path == "/.well-known/openid-configuration":
            return {
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "jwks_uri": f"{self.issuer}/keys",
            }
        if parts.path == "/keys":
            return {"keys": [key.as_dict(private=False) for key in self.published]}
        if parts.path == "/authorize":  # a person who has signed in and agrees at once
            asked = dict(urllib.parse.parse_qsl(parts.query))
            code = f"code-{len(self.codes)}"
            self.codes[code] = asked
            return (
                f"{asked['redirect_uri']}?{urllib.parse.urlencode({'code': code, 'state': asked['state']})}"
            )
        return None

    def exchange(self, form: dict[str, str]) -> dict[str, Any] | None:
        asked = self.codes.pop(form.get("code", ""), None)
        proof = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest())
        good = (
            asked is not None
            and asked["code_challenge_method"] == "S256"
            and asked["code_challenge"] == proof.rstrip(b"=").decode()
            and asked["redirect_uri"] == form.get("redirect_uri")
            and asked["client_id"] == form.get("client_id") == CLIENT
        )
        if asked is None or not good:
            return None
        return {
            "id_token": self.token(self.claims(asked["nonce"])),
            "token_type": "Bearer",
            "access_token": "unused",
        }


@contextmanager
def provider() -> Iterator[TestProvider]:
    """One that runs, for as long as the block does."""
    made = TestProvider()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found = made.get(self.path)
            if isinstance(found, str):
                self.send_response(302)
                self.send_header("Location", found)
                self.end_headers()
            else:
                self.answer(found)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.answer(made.exchange(dict(urllib.parse.parse_qsl(body))))

        def answer(self, found: dict[str, Any] | None) -> None:
            self.send_response(400 if found is None else 200)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(found or {"error": "invalid_grant"}).encode())

        def log_message(self, *_args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    made.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
