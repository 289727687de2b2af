"""Who shows a token, of ours or of an identity provider, and what it lets them do."""

from __future__ import annotations

import asyncio
import hmac
import ssl
import threading
import time
from base64 import urlsafe_b64encode
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from urllib.request import HTTPSHandler, build_opener

import jwt
import orjson
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from stelsel.errors import SettingError
from stelsel.serving import issuers
from stelsel.serving.access import Access
from stelsel.serving.issuers import Issuer, open_issuer
from stelsel.serving.problems import HttpProblem
from stelsel.settings import read_settings
from stelsel.storing.tokens import MARK, Token, create, digest, revoke, tokens_path


def request(*headers):
    return {"type": "http", "headers": [(b"authorization", header.encode()) for header in headers]}


def refused(access, scope, needed="steward"):
    with pytest.raises(HttpProblem) as error:
        access.require(scope, needed)
    return error.value.status, error.value.headers["www-authenticate"]


def test_a_token_gives_its_scopes_and_no_other(tmp_path):
    secret, token = create(tmp_path, ["operator"], days=1)
    access = Access(tmp_path)
    holder = access.require(request(f"bearer  {secret}"), "operator")
    assert holder.id == token.id
    assert holder.scopes == {"operator"}
    assert access.identify(request(f"Bearer {secret}")) == holder
    status, challenge = refused(access, request(f"Bearer {secret}"))
    assert status == 403
    assert 'error="insufficient_scope", scope="steward"' in challenge


@pytest.mark.parametrize("headers", [(), ("Basic c3RldmVu",), ("Bearer ",), ("Bearer a", "Bearer b")])
def test_without_a_token_one_is_asked_for(tmp_path, headers):
    assert refused(Access(tmp_path), request(*headers)) == (401, 'Bearer realm="stelsel"')


@pytest.mark.parametrize("secret", [f"{MARK}x", "x", "é" * 20, MARK * 3000, f"{MARK}\udcff"])
def test_a_token_that_is_not_known_is_not_good(tmp_path, secret):
    create(tmp_path, ["steward"], days=1)
    scope = {"type": "http", "headers": [(b"authorization", f"Bearer {secret}".encode("utf-8", "surrogateescape"))]}
    assert refused(Access(tmp_path), scope)[0] == 401
    assert Access(tmp_path).identify(scope) is None


def test_a_token_that_is_revoked_is_refused_with_the_next_request(tmp_path):
    access = Access(tmp_path)
    secret, token = create(tmp_path, ["steward"], days=1)
    assert access.require(request(f"Bearer {secret}"), "steward").id == token.id
    revoke(tmp_path, token.id)
    assert refused(access, request(f"Bearer {secret}"))[0] == 401


def test_a_token_that_has_expired_is_refused(tmp_path):
    now = datetime.now(UTC)
    old = Token(
        id="a", hash=digest(f"{MARK}x"), scopes=("steward",), made=now - timedelta(2), expires=now - timedelta(1)
    )
    tokens_path(tmp_path).write_bytes(b"[" + old.model_dump_json().encode() + b"]")
    assert 'error="invalid_token"' in refused(Access(tmp_path), request(f"Bearer {MARK}x"))[1]


class Provider:
    """An identity provider with https, keys that can be changed, and answers that can be spoilt."""

    def __init__(self, address):
        self.issuer = address
        self.keys = {"one": rsa.generate_private_key(public_exponent=65537, key_size=2048)}
        self.answers = {}
        self.asked = 0

    def answer(self, path):
        self.asked += 1
        if path in self.answers:
            return self.answers[path]
        if path == "/.well-known/openid-configuration":
            return 200, {"issuer": self.issuer, "jwks_uri": f"{self.issuer}/keys"}
        found = []
        for name, key in self.keys.items():
            kind = (
                jwt.algorithms.ECAlgorithm
                if isinstance(key, ec.EllipticCurvePrivateKey)
                else jwt.algorithms.RSAAlgorithm
            )
            found.append({**kind.to_jwk(key.public_key(), as_dict=True), "kid": name, "use": "sig"})
        return 200, {"keys": found}

    def token(self, *, kid="one", key=None, algorithm="RS256", **claims):
        now = int(time.time())
        said = {"iss": self.issuer, "aud": "stelsel", "sub": "Jan Jansen", "exp": now + 60, "scope": "openid beheer"}
        said = {name: value for name, value in {**said, **claims}.items() if value is not None}
        return jwt.encode(said, key or self.keys[kid], algorithm, headers={"kid": kid})


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that signs itself, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "both.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    file.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return file


@contextmanager
def listening(certificate):
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, body = provider.answer(self.path)
            self.send_response(status)
            if status == 302:
                self.send_header("location", body)
                body = {}
            self.end_headers()
            self.wfile.write(body if isinstance(body, bytes) else orjson.dumps(body))

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    provider = Provider(f"https://127.0.0.1:{server.server_port}")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def provider(certificate, monkeypatch):
    trusting = ssl.create_default_context(cafile=certificate)
    opener = build_opener(*issuers.HANDLERS, HTTPSHandler(context=trusting))
    monkeypatch.setattr(issuers, "_OPENER", opener)
    with listening(certificate) as provider:
        yield provider


def with_issuer(provider, work, **changes):
    """Run `work(issuer)` with an issuer that has fetched its keys."""

    async def run():
        issuer = Issuer(**{"issuer": provider.issuer, "audience": "stelsel", **changes}, claim="scope", scopes=SCOPES)
        await issuer.open()
        try:
            found = work(issuer)
            return await found if asyncio.iscoroutine(found) else found
        finally:
            await issuer.close()

    return asyncio.run(run())


SCOPES = {"beheer": "steward", "bediening": "operator"}


def test_a_token_of_the_issuer_gives_the_scopes_that_its_claim_maps_to(provider, tmp_path):
    def work(issuer):
        access = Access(tmp_path, issuer.identify)
        return access.require(request(f"Bearer {provider.token()}"), "steward"), issuer.identify(
            provider.token(scope=["bediening", "beheer", 3])
        )

    holder, other = with_issuer(provider, work)
    assert holder.id == "oidc:Jan%20Jansen"
    assert holder.scopes == {"steward"}
    assert other.scopes == {"steward", "operator"}


def test_a_token_without_our_scopes_is_known_and_may_nothing(provider, tmp_path):
    status = with_issuer(
        provider,
        lambda issuer: refused(Access(tmp_path, issuer.identify), request(f"Bearer {provider.token(scope='openid')}")),
    )
    assert status[0] == 403


def forged(provider):
    """Signed with what is public, by an algorithm that takes it for a secret (PyJWT will not do this)."""
    public = provider.keys["one"].public_key()
    public = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    body = provider.token().split(".")[1]
    head = urlsafe_b64encode(b'{"alg":"HS256","kid":"one"}').rstrip(b"=").decode()
    signature = urlsafe_b64encode(hmac.digest(public, f"{head}.{body}".encode(), "sha256")).rstrip(b"=").decode()
    return f"{head}.{body}.{signature}"


def spoilt(provider):
    now = int(time.time())
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    yield "expired", provider.token(exp=now - 60)
    yield "without an end", provider.token(exp=None)
    yield "not yet", provider.token(nbf=now + 600)
    yield "for another audience", provider.token(aud="elders")
    yield "for nobody", provider.token(aud=None)
    yield "of another issuer", provider.token(iss="https://elders.example.nl")
    yield "without a subject", provider.token(sub=None)
    yield "signed by a stranger", provider.token(key=stranger)
    yield "signed with the public key as a secret", forged(provider)
    yield "not signed", jwt.encode({"iss": provider.issuer}, None, "none", headers={"kid": "one"})
    yield "with a key that is not there", provider.token(key=stranger, kid="three")
    head, body, signature = provider.token().split(".")
    yield "cut", f"{head}.{body}"
    yield "changed", f"{head}.{body[:-2]}AA.{signature}"
    yield "no token", "ey"


def test_a_token_that_is_not_right_in_every_way_is_not_good(provider):
    def work(issuer):
        return {why: issuer.identify(token) for why, token in spoilt(provider)}

    assert {why for why, holder in with_issuer(provider, work).items() if holder is not None} == set()


def test_a_new_key_is_fetched_when_a_token_names_it(provider, monkeypatch):
    monkeypatch.setattr(issuers, "_SOONEST", 0.05)

    async def work(issuer):
        provider.keys["two"] = ec.generate_private_key(ec.SECP256R1())
        token = provider.token(kid="two", algorithm="ES256")
        asked = provider.asked
        assert issuer.identify(token) is None
        assert provider.asked == asked  # not while a request waits
        for _ in range(200):
            if holder := issuer.identify(token):
                return holder
            await asyncio.sleep(0.02)
        return None

    assert with_issuer(provider, work).scopes == {"steward"}


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/keys", (302, "https://127.0.0.1:1/keys")),
        ("/keys", (500, {})),
        ("/keys", (200, b"x" * 1_000_001)),
        ("/keys", (200, b"[]")),
        ("/.well-known/openid-configuration", (200, {"issuer": "https://elders.example.nl", "jwks_uri": "/keys"})),
        ("/.well-known/openid-configuration", (200, {"issuer": None, "jwks_uri": "http://127.0.0.1:1/keys"})),
    ],
)
def test_an_issuer_that_answers_wrongly_is_not_believed(provider, path, answer):
    if isinstance(answer[1], dict) and "issuer" in answer[1]:
        answer[1]["issuer"] = answer[1]["issuer"] or provider.issuer
    provider.answers[path] = answer
    assert with_issuer(provider, lambda issuer: issuer.identify(provider.token())) is None


def test_an_issuer_is_https_and_for_an_audience():
    def settings(**given):
        return read_settings(given, {})

    assert open_issuer(settings()) is None
    good = {"oidc_issuer": "https://login.example.nl", "oidc_audience": "stelsel"}
    for wrong in ({"oidc_issuer": "http://login.example.nl"}, {"oidc_audience": ""}, {"oidc_scopes": "beheer=root"}):
        with pytest.raises(SettingError, match="STELSEL_OIDC"):
            open_issuer(settings(**{**good, **wrong}))
