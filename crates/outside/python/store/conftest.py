"""What the tests share: a store, a proxy before it, the program, and a result that never left this machine."""

import os
import subprocess
import uuid
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer
from proxy import Proxy

ROOT = Path(__file__).resolve().parents[4]
CONFIG = ROOT / "configs" / "quickstart.toml"
# Enough that a file of paths goes in pieces.
PATHS = 24_000
RUN = ["run", CONFIG, "--quiet", "--paths", PATHS, "--set", "run.detail=paths"]
SMALL = ["run", CONFIG, "--quiet", "--paths", 500, "--set", "run.detail=summary"]
LOCK = ".slashfall-writing"


@pytest.fixture(scope="session")
def server():
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    yield server.get_host_and_port()
    server.stop()


@pytest.fixture(scope="session")
def session_proxy(server):
    return Proxy(*server)


@pytest.fixture
def proxy(session_proxy):
    session_proxy.reset()
    yield session_proxy
    session_proxy.reset()


class Store:
    """A bucket, looked at past the proxy, and the program that works in it."""

    def __init__(self, server, proxy, folder):
        self.proxy, self.folder = proxy, folder
        self.temporary = folder / "tmp"
        self.temporary.mkdir()
        keys = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}
        host, port = server
        self.client = boto3.client("s3", endpoint_url=f"http://{host}:{port}", region_name="us-east-1", **keys)
        self.bucket = f"bucket-{uuid.uuid4().hex[:12]}"
        self.client.create_bucket(Bucket=self.bucket)
        self.environment = os.environ | {
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_ENDPOINT_URL": proxy.url,
            "AWS_ALLOW_HTTP": "true",
            "SLASHFALL_STORE_RETRY_SECONDS": "20",
            "TMPDIR": str(self.temporary),
        }

    def at(self, prefix):
        return f"s3://{self.bucket}/{prefix}"

    def start(self, *args, **environment):
        return subprocess.Popen(
            [os.environ["SLASHFALL_PROGRAM"], *map(str, args)],
            cwd=self.folder,
            env=self.environment | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def end(self, run, status=0):
        """What a run says, to standard error where it fails; it leaves no copy of anything on this machine."""
        out, err = run.communicate(timeout=120)
        assert run.returncode == status, err
        assert list(self.temporary.iterdir()) == []
        return err if status else out

    def __call__(self, *args, status=0, **environment):
        return self.end(self.start(*args, **environment), status)

    def names(self, prefix=""):
        """Names of the objects below a prefix."""
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=prefix)
        return [found["Key"].removeprefix(prefix) for page in pages for found in page.get("Contents", [])]

    def unfinished(self):
        return self.client.list_multipart_uploads(Bucket=self.bucket).get("Uploads", [])

    def read(self, key):
        return self.client.get_object(Bucket=self.bucket, Key=key)["Body"].read()

    def write(self, key, text):
        self.client.put_object(Bucket=self.bucket, Key=key, Body=text)

    def tree(self, prefix):
        """Every object below a prefix by its name."""
        return {name: self.read(prefix + name) for name in self.names(prefix)}


@pytest.fixture
def store(server, proxy, tmp_path):
    return Store(server, proxy, tmp_path)


@pytest.fixture(scope="session")
def local(tmp_path_factory):
    """A result in a folder, with every path."""
    folder = tmp_path_factory.mktemp("local") / "whole"
    subprocess.run([os.environ["SLASHFALL_PROGRAM"], *map(str, RUN), "-o", folder], check=True)
    return folder


def tree_of(folder):
    """Every file below a folder by its name."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}
