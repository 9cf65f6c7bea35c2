"""Fixtures: a Brume for all tests of a module, and names that nobody else uses."""

import itertools
import os

import pytest

for name in [n for n in os.environ if n.startswith(("AWS_", "BRUME_"))]:
    del os.environ[name]  # tests set every client option themselves
os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
os.environ["NO_PROXY"] = os.environ["no_proxy"] = "localhost,127.0.0.1"

from brume import Brume  # noqa: E402


@pytest.fixture(scope="module")
def brume():
    """A server in memory, which must end well."""
    b = Brume().start()
    yield b
    assert b.stop() == 0


@pytest.fixture
def fresh():
    """A server of the test's own: for what others would notice."""
    b = Brume().start()
    yield b
    assert b.stop() == 0


@pytest.fixture
def sqs(brume):
    return brume.client("sqs")


@pytest.fixture
def sns(brume):
    return brume.client("sns")


@pytest.fixture
def iam(brume):
    return brume.client("iam")


_count = itertools.count(1)


@pytest.fixture
def name(request):
    """A name for a resource of this test."""
    return f"{request.node.originalname.removeprefix('test_').replace('_', '-')[:40]}-{next(_count)}"


@pytest.fixture
def queue(sqs, name):
    return sqs.create_queue(QueueName=name)["QueueUrl"]
