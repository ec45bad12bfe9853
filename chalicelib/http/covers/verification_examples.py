"""Examples of the verification of covers in the published document."""

from __future__ import annotations

from typing import Any, Final

_VERIFIED: Final = {
    "status": "VALID",
    "issued_on": "2023-02-06",
    "issuer": "Bảo hiểm xã hội thành phố Hồ Chí Minh",
    "full_name_masked": "N*** T*** H***",
    "si_number_masked": "79*****678",
}

ANSWERS: Final[dict[str, Any]] = {
    "verify_cover_token": _VERIFIED,
    "open_scanned_code": _VERIFIED,
    "list_cover_keys": {
        "keys": [
            {
                "kty": "EC",
                "crv": "P-256",
                "alg": "ES256",
                "use": "sig",
                "kid": "0f2ac47d",
                "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
                "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
            }
        ],
        "cose_key_set": "gaYBAgJEDyrEfQMmIAEhWCB_zc4ncPbEXUGDy-5v20t7WAczNXvp7xO6z248e9FURSJYIMfxRM0bvZt-hyzf7bnuufS",
    },
}
