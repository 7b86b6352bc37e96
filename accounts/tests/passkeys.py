"""A passkey in software: answers the browser's WebAuthn questions as a phone or a security key would."""

import hashlib
import os
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

ORIGIN = "https://testserver"
FLAG = AuthenticatorData.FLAG


class Passkey:
    """One key pair, made for whoever registers it first."""

    def __init__(self) -> None:
        self.private_key = ec.generate_private_key(ec.SECP256R1())
        self.credential_id = os.urandom(16)
        self.user_handle = b""

    def register(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to creation options, as JSON."""
        asked = options["publicKey"]
        self.user_handle = websafe_decode(asked["user"]["id"])
        public_key = ES256.from_cryptography_key(self.private_key.public_key())
        credential = AttestedCredentialData.create(Aaguid.NONE, self.credential_id, public_key)
        data = self._authenticator_data(asked["rp"]["id"], FLAG.AT, bytes(credential))
        return self._answer(
            {
                "clientDataJSON": self._client_data("webauthn.create", asked),
                "attestationObject": bytes(AttestationObject.create("none", data, {})),
            }
        )

    def log_in(self, options: dict[str, Any]) -> dict[str, Any]:
        """The answer to request options, as JSON."""
        asked = options["publicKey"]
        client_data = self._client_data("webauthn.get", asked)
        data = bytes(self._authenticator_data(asked["rpId"], FLAG(0)))
        signed = data + hashlib.sha256(client_data).digest()
        return self._answer(
            {
                "clientDataJSON": client_data,
                "authenticatorData": data,
                "signature": self.private_key.sign(signed, ec.ECDSA(SHA256())),
                "userHandle": self.user_handle,
            }
        )

    def _client_data(self, kind: str, asked: dict[str, Any]) -> bytes:
        return bytes(CollectedClientData.create(kind, websafe_decode(asked["challenge"]), ORIGIN))

    def _authenticator_data(self, rp_id: str, flags: FLAG, credential: bytes = b"") -> AuthenticatorData:
        rp_id_hash = hashlib.sha256(rp_id.encode()).digest()
        return AuthenticatorData.create(rp_id_hash, FLAG.UP | FLAG.UV | flags, 0, credential)

    def _answer(self, response: dict[str, bytes]) -> dict[str, Any]:
        identity = websafe_encode(self.credential_id)
        return {
            "id": identity,
            "rawId": identity,
            "type": "public-key",
            "response": {name: websafe_encode(value) for name, value in response.items()},
            "clientExtensionResults": {"credProps": {"rk": True}},
        }
