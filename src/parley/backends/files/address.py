"""What an operator names as the place for users' files: a directory, or `s3://bucket/prefix?endpoint=…&region=…`."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

from parley.backends.files.s3 import Bucket
from parley.errors import BadProject

SCHEME = "s3://"
DEFAULT_REGION = "us-east-1"

_NAME = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_PREFIX = re.compile(r"[A-Za-z0-9/_.-]{0,200}")
_REGION = re.compile(r"[a-z0-9-]{1,40}")
_ENDPOINT = re.compile(r"https?://[A-Za-z0-9.\[\]:-]+")
_FORM = "Write s3://bucket, s3://bucket/prefix or s3://bucket/prefix?endpoint=https://s3.example.org&region=eu-1."


def parse_address(address: str) -> tuple[Bucket, str]:
    """The bucket of an `s3://` address, and its region. Raises `BadProject`."""
    parts = urlsplit(address)
    said = parse_qs(parts.query, keep_blank_values=True)
    region = said.pop("region", [DEFAULT_REGION])[-1]
    endpoint = said.pop("endpoint", [f"https://s3.{region}.amazonaws.com"])[-1].rstrip("/")
    prefix = parts.path.strip("/")
    checks = {
        "bucket": _NAME.fullmatch(parts.netloc),
        "prefix": _PREFIX.fullmatch(prefix) and ".." not in prefix.split("/"),
        "region": _REGION.fullmatch(region),
        "endpoint": _ENDPOINT.fullmatch(endpoint),
        "rest": not said,
    }
    for part, is_fine in checks.items():
        if not is_fine:
            raise BadProject(f"The {part} of the address for users' files cannot be used. {_FORM}")
    return Bucket(endpoint, parts.netloc, f"{prefix}/" if prefix else ""), region
