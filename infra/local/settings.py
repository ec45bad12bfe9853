"""What a local run may be told, where it keeps its things, and an environment no real account can be reached from."""

from __future__ import annotations

import os
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

ROOT = Path(__file__).resolve().parent.parent.parent
REGION = "ap-southeast-1"
ACCOUNT = "000000000000"
HOST = "127.0.0.1"
STAGE = "sandbox"
STACK = "bhxh-602e-sandbox"

Handlers = Literal["inline", "process"]


class SettingsError(Exception):
    """A setting that cannot be used; the message says which and why."""


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """One local run. Ports are on 127.0.0.1; `home` holds data, logs and endpoints.json."""

    home: Path
    port: int = 8000
    aws_port: int = 4566
    handlers: Handlers = "inline"
    package: Path | None = None
    """A package to run instead of one made of the source tree."""
    stack: str = STACK
    parameters: Path | None = None
    """JSON: the template's parameters that are to have other values than a local run gives them."""

    @property
    def api_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def aws_url(self) -> str:
        return f"http://{HOST}:{self.aws_port}"

    @property
    def endpoints(self) -> Path:
        return self.home / "endpoints.json"

    @property
    def log(self) -> Path:
        return self.home / "run.log"


def read_settings(environment: Mapping[str, str] = os.environ) -> LocalSettings:
    """Read PORT, AWS_PORT, HANDLERS, LOCAL_HOME, PACKAGE, STACK and PARAMETERS.

    Raises `SettingsError` naming what is wrong.
    """
    handlers = environment.get("HANDLERS") or "inline"
    if handlers not in ("inline", "process"):
        raise SettingsError(f"HANDLERS must be inline or process, not {handlers!r}")
    home = Path(environment.get("LOCAL_HOME") or ROOT / ".local").resolve()
    port, aws_port = _port(environment, "PORT", 8000), _port(environment, "AWS_PORT", 4566)
    if port == aws_port:
        raise SettingsError(f"PORT and AWS_PORT are both {port}")
    package = Path(environment["PACKAGE"]) if environment.get("PACKAGE") else None
    if package and handlers == "inline":
        raise SettingsError("PACKAGE needs HANDLERS=process: inline handlers run from the source tree")
    parameters = Path(environment["PARAMETERS"]) if environment.get("PARAMETERS") else None
    return LocalSettings(
        home=home,
        port=port,
        aws_port=aws_port,
        handlers="process" if handlers == "process" else "inline",
        package=package,
        stack=environment.get("STACK") or STACK,
        parameters=parameters,
    )


def client_environment(settings: LocalSettings) -> dict[str, str]:
    """The variables with which every AWS client speaks to the local cloud and to nothing else."""
    return {
        "AWS_ACCESS_KEY_ID": ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": settings.aws_url,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def isolate(settings: LocalSettings, environment: MutableMapping[str, str] = os.environ) -> None:
    """Drop the caller's AWS settings, then point clients and the local cloud at this machine only.

    Must run before ministack is imported: it reads its environment once.
    """
    for name in [name for name in environment if name.startswith("AWS_")]:
        del environment[name]
    environment.update(client_environment(settings))
    environment.update(
        {
            "BIND_HOST": HOST,
            "GATEWAY_PORT": str(settings.aws_port),
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": REGION,
            # Their defaults listen on every interface.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "PERSIST_STATE": "1",
            "STATE_DIR": str(settings.home / "state"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(settings.home / "s3"),
            # Nobody's Docker is touched.
            "DOCKER_HOST": "unix:///nonexistent/docker.sock",
            # How many functions run at once is our executors' business; theirs would refuse requests.
            "LAMBDA_ACCOUNT_CONCURRENCY": "0",
            "LOG_LEVEL": "WARNING",
            "TZ": "UTC",
        }
    )


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    text = environment.get(name) or str(default)
    if not text.isdigit() or not 1 <= int(text) <= 65535:
        raise SettingsError(f"{name} must be a port number, not {text!r}")
    return int(text)
