"""A factory of session tokens, good and hostile, signed with real keys.

Most hostile tokens carry a *valid* signature, so that only the policy keeps them from the app;
``by_outsiders`` names those that need no key.
"""

import base64
import hashlib
import hmac
import json
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ISSUER = "https://clerk.clinic.example"
ORIGIN = "https://capture.clinic.example"
KID = "ins_2abcDEF"
SESSION, TEMPLATE, MACHINE, UNCLASSED = (
    "cl_B7d4PD111AAA",
    "cl_B7d4PD222AAA",
    "cl_B7d4PD333AAA",
    "cl_I7d4PD111III",
)

# Stands for a claim or a header field that a token lacks.
OMIT = object()


def encode(part: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


def _json(value: object) -> bytes:
    return value if isinstance(value, bytes) else json.dumps(value).encode()


class TokenFactory:
    """Keys of one issuer, one attacker and one other algorithm, at one instant ``now``."""

    def __init__(self, now: int) -> None:
        self.now = now
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.curve = ec.generate_private_key(ec.SECP256R1())

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Claims of version 2; a change to ``OMIT`` leaves the claim out."""
        claims = {
            "azp": ORIGIN, "exp": self.now + 60, "fva": [3, -1], "iat": self.now, "iss": ISSUER,
            "jti": "0123456789abcdef", "nbf": self.now - 10, "sid": "sess_2aBcDeF", "sts": "active",
            "sub": "user_2aBcDeF", "v": 2,
        }  # fmt: skip
        return {name: value for name, value in {**claims, **changes}.items() if value is not OMIT}

    def header(self, **changes: Any) -> dict[str, Any]:
        """A session token's header; a change to ``OMIT`` leaves the field out."""
        header = {"alg": "RS256", "cat": SESSION, "kid": KID, "typ": "JWT", **changes}
        return {name: value for name, value in header.items() if value is not OMIT}

    def good(self, **changes: Any) -> str:
        """A token with correct claims, except for ``changes``."""
        return self.sign(self.header(), self.claims(**changes))

    def headed(self, **changes: Any) -> str:
        """Good claims under a changed header, signed with the issuer's key."""
        return self.sign(self.header(**changes), self.claims())

    def sign(self, header: object, claims: object, algorithm: str = "RS256", key: Any = None) -> str:
        """Any header and claims (objects or raw bytes) with a signature of the named algorithm."""
        text = f"{encode(_json(header))}.{encode(_json(claims))}"
        return f"{text}.{encode(self._signature(text.encode(), algorithm, key or self.key))}"

    def _signature(self, text: bytes, algorithm: str, key: Any) -> bytes:
        if algorithm == "none":
            return b""
        if algorithm == "HS256":
            return hmac.new(key, text, hashlib.sha256).digest()
        if algorithm == "ES256":
            r, s = utils.decode_dss_signature(self.curve.sign(text, ec.ECDSA(hashes.SHA256())))
            return r.to_bytes(32, "big") + s.to_bytes(32, "big")
        digest = {"RS384": hashes.SHA384(), "RS512": hashes.SHA512()}.get(algorithm, hashes.SHA256())
        pad = padding.PSS(padding.MGF1(digest), 32) if algorithm == "PS256" else padding.PKCS1v15()
        signature: bytes = key.sign(text, pad, digest)
        return signature

    def public_jwk(self, key: Any = None, **changes: Any) -> dict[str, Any]:
        """A JWK as the issuer lists it."""
        numbers = (key or self.key).public_key().public_numbers()
        size = (numbers.n.bit_length() + 7) // 8
        jwk = {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": KID,
            "n": encode(numbers.n.to_bytes(size, "big")),
            "e": encode(numbers.e.to_bytes(3, "big")),
        }
        return {**jwk, **changes}

    def pem(self) -> bytes:
        """The public key as the dashboard shows it, which is no secret."""
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def good_tokens(f: TokenFactory) -> dict[str, str]:
    """Every form that the policy must accept."""
    organisation = {"id": "org_1", "slg": "clinic", "rol": "admin"}
    return {
        "version 2": f.good(),
        "version 1": f.good(v=OMIT, jti=OMIT, sts=OMIT, fva=OMIT, org_id="org_1", org_role="admin"),
        "organisation": f.good(o=organisation, pla="u:free", fea="o:none"),
        "no category": f.headed(cat=OMIT),
        "unclassed": f.headed(cat=UNCLASSED),
        "no type": f.headed(typ=OMIT),
        "unknown header": f.headed(oiat=f.now - 500),
        "4 s too old": f.good(exp=f.now - 4, iat=f.now - 64),
        "4 s ahead": f.good(iat=f.now + 4, nbf=f.now + 4, exp=f.now + 64),
    }


def by_outsiders(f: TokenFactory) -> dict[str, str]:
    """Tokens that can be made without the issuer's key."""
    head, body, signature = f.good().split(".")
    other_body = encode(_json(f.claims(sub="user_victim")))
    jwk = f.public_jwk(f.other)
    return {
        "alg none": f.sign(f.header(alg="none"), f.claims(), "none"),
        "alg None": f.sign(f.header(alg="None"), f.claims(), "none") + "AA",
        "alg absent": f.sign(f.header(alg=OMIT), f.claims(), "HS256", b"key"),
        "HS256 keyed with the PEM": f.sign(f.header(alg="HS256"), f.claims(), "HS256", f.pem()),
        "HS256 keyed with the modulus": f.sign(
            f.header(alg="HS256"), f.claims(), "HS256", f.public_jwk()["n"].encode()
        ),
        "HS256 keyed with the JWK": f.sign(
            f.header(alg="HS256"), f.claims(), "HS256", json.dumps(f.public_jwk()).encode()
        ),
        "ES256": f.sign(f.header(alg="ES256"), f.claims(), "ES256"),
        "attacker's key under our kid": f.sign(f.header(), f.claims(), key=f.other),
        "embedded jwk": f.sign(f.header(jwk=jwk), f.claims(), key=f.other),
        "jku": f.sign(f.header(jku="https://evil.example/jwks.json"), f.claims(), key=f.other),
        "x5u": f.sign(f.header(x5u="https://evil.example/cert.pem"), f.claims(), key=f.other),
        "x5c": f.sign(f.header(x5c=["MIIB"]), f.claims(), key=f.other),
        "payload swapped": f"{head}.{other_body}.{signature}",
        "signature stripped": f"{head}.{body}.",
        "signature truncated": f"{head}.{body}.{signature[:-40]}",
        "signature changed": f"{head}.{body}.{signature[:100]}{'A' if signature[100] != 'A' else 'B'}"
        + signature[101:],
        "signature missing": f"{head}.{body}",
        "two dots alone": "..",
        "four dots": f"{head}.{body}.{signature}.{signature}.{signature}",
        "empty": "",
        "not a token": "let me in",
        "leading space": " " + f.good(),
        "trailing line": f.good() + "\n",
        "padding": f"{head}=.{body}.{signature}",
        "not ASCII": f.good() + "é",
        "header is a list": f"{encode(b'[]')}.{body}.{signature}",
        "header is no JSON": f"{encode(b'{')}.{body}.{signature}",
        "header nested deeply": f"{encode(b'[' * 2000)}.{body}.{signature}",
        "header is no text": f"{encode(bytes([255, 254, 0]))}.{body}.{signature}",
        "5 kB": f.good(padding="x" * 4000),
        "1 MB": f"{head}.{body}.{'A' * 1_000_000}",
        "kid unknown": f.sign(f.header(kid="ins_unknown"), f.claims(), key=f.other),
        "kid is a path": f.sign(f.header(kid="../../etc/passwd"), f.claims(), key=f.other),
        "kid is SQL": f.sign(f.header(kid="' OR 1=1 --"), f.claims(), key=f.other),
    }


def wrong_headers(f: TokenFactory) -> dict[str, str]:
    """Tokens signed with the right key under a header that no session token has."""
    twice = json.dumps(f.header())[:-1] + f', "kid": "{KID}"}}'
    return {
        "RS384": f.sign(f.header(alg="RS384"), f.claims(), "RS384"),
        "RS512": f.sign(f.header(alg="RS512"), f.claims(), "RS512"),
        "PS256": f.sign(f.header(alg="PS256"), f.claims(), "PS256"),
        "alg in lower case": f.headed(alg="rs256"),
        "alg is a list": f.headed(alg=["RS256"]),
        "kid missing": f.headed(kid=OMIT),
        "kid is a list": f.headed(kid=[KID]),
        "kid is a number": f.headed(kid=7),
        "kid is empty": f.headed(kid=""),
        "kid of 3 kB": f.headed(kid="k" * 3000),
        "kid said twice": f.sign(twice.encode(), f.claims()),
        "typ at+jwt": f.headed(typ="at+jwt"),
        "typ is null": f.headed(typ=None),
        "template": f.headed(cat=TEMPLATE),
        "machine": f.headed(cat=MACHINE),
        "crit": f.headed(crit=["exp"], exp=1),
        "b64 false": f.headed(b64=False),
        "jku beside the right key": f.headed(jku="https://evil.example/jwks.json"),
    }


def wrong_claims(f: TokenFactory) -> dict[str, str]:
    """Tokens signed with the right key whose claims are not those of a session of ours."""
    raw = json.dumps(f.claims())
    exp = f'"exp": {f.now + 60}'
    changes: dict[str, dict[str, Any]] = {
        "issuer of another": {"iss": "https://clerk.evil.example"},
        "issuer cut short": {"iss": ISSUER[:-1]},
        "issuer with a slash": {"iss": ISSUER + "/"},
        "issuer missing": {"iss": OMIT},
        "issuer is a list": {"iss": [ISSUER]},
        "party of another": {"azp": "https://evil.example"},
        "party of a sibling": {"azp": "https://wiki.clinic.example"},
        "party longer": {"azp": ORIGIN + ".evil.example"},
        "party missing": {"azp": OMIT},
        "party is a list": {"azp": [ORIGIN]},
        "party is null": {"azp": None},
        "expired 6 s ago": {"exp": f.now - 6, "iat": f.now - 66},
        "expired 4 h ago": {"exp": f.now - 14_400, "iat": f.now - 14_460},
        "no expiry": {"exp": OMIT},
        "expiry is text": {"exp": str(f.now + 60)},
        "expiry is a float": {"exp": f.now + 60.5},
        "expiry is true": {"exp": True},
        "expiry of 2^63": {"exp": 2**63},
        "expiry before issue": {"exp": f.now - 1, "iat": f.now},
        "lives ten years": {"exp": f.now + 315_360_000},
        "lives eleven minutes": {"exp": f.now + 660},
        "not before the future": {"nbf": f.now + 30},
        "not before missing": {"nbf": OMIT},
        "issued in the future": {"iat": f.now + 30},
        "issue missing": {"iat": OMIT},
        "subject missing": {"sub": OMIT},
        "subject empty": {"sub": ""},
        "subject a number": {"sub": 7},
        "subject foreign": {"sub": "machine_1"},
        "subject with a line": {"sub": "user_1\n"},
        "session missing (handshake)": {"sid": OMIT, "handshake": ["__session=x"]},
        "session foreign": {"sid": "sia_1"},
        "impersonated": {"act": {"sub": "user_admin"}},
        "audience of another": {"aud": "https://evil.example"},
        "status unknown": {"sts": "revoked"},
    }
    return {
        **{name: f.good(**change) for name, change in changes.items()},
        "expiry is NaN": f.sign(f.header(), raw.replace(exp, '"exp": NaN').encode()),
        "expiry is infinite": f.sign(f.header(), raw.replace(exp, '"exp": Infinity').encode()),
        "claims are a list": f.sign(f.header(), b"[]"),
        "claims are no JSON": f.sign(f.header(), b"{"),
        "claims nested deeply": f.sign(f.header(), b"[" * 1500),
    }


def hostile_tokens(f: TokenFactory) -> dict[str, str]:
    """All of them by name."""
    return {**by_outsiders(f), **wrong_headers(f), **wrong_claims(f)}
