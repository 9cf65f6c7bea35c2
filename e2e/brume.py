"""A Brume process and clients for it. Nothing here reads the AWS_* variables of the caller."""

import json
import os
import re
import signal
import subprocess
import threading
import urllib.error
import urllib.request

import boto3
from botocore.config import Config

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BINARY = os.path.join(ROOT, "bin", "brume")
REGION = "us-east-1"
ACCOUNT = "000000000000"


def clean_environment():
    """The environment without what would change what a client does."""
    env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "BRUME_"))}
    env["AWS_EC2_METADATA_DISABLED"] = "true"
    env["AWS_CONFIG_FILE"] = env["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    env["NO_PROXY"] = env["no_proxy"] = "localhost,127.0.0.1"
    return env


class Brume:
    """One server on a free loopback port. Without a directory its state is in memory."""

    def __init__(self, data=None, arguments=(), log=None):
        self.data = data
        self.arguments = list(arguments)
        self.log = log
        self.port = 0
        self.process = None

    def start(self):
        """Starts it, at the same port if it ran before, and waits until it answers."""
        where = ["--data", self.data] if self.data else ["--ephemeral"]
        command = [BINARY, "up", "--listen", f"127.0.0.1:{self.port}", *where, *self.arguments]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=self.log or subprocess.DEVNULL, text=True, env=clean_environment()
        )
        self.greeting = self.process.stdout.readline()
        at = re.search(r"up at http://localhost:(\d+)", self.greeting)
        if not at:
            raise RuntimeError(f"brume up did not start: {self.greeting!r}, exit status {self.process.wait(10)}")
        self.port = int(at.group(1))
        if self.arguments.count("strict"):
            found = re.search(r"access key (\S+), secret (\S+), control token (\S+)", self.process.stdout.readline())
            self.key, self.secret, self.token = found.groups()
        return self

    def kill(self):
        """kill -9: no chance to write anything."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()

    def stop(self):
        """Asks it to end, as Ctrl-C does, and returns its exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            status = self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()
            raise
        self.process.stdout.close()
        return status

    @property
    def url(self):
        return f"http://localhost:{self.port}"

    def client(self, service, key="test", secret="test", token=None, **options):
        """A boto3 client. Its credentials are the root's of the account ACCOUNT unless told."""
        return self.session(key, secret, token).client(service, endpoint_url=self.url, **self._options(options))

    def resource(self, service, key="test", secret="test", token=None, **options):
        return self.session(key, secret, token).resource(service, endpoint_url=self.url, **self._options(options))

    def session(self, key="test", secret="test", token=None, region=REGION):
        return boto3.Session(key, secret, token, region_name=region)

    @staticmethod
    def _options(options):
        config = Config(retries={"total_max_attempts": 1}, connect_timeout=5, read_timeout=30)
        options["config"] = config.merge(options.pop("config", Config()))
        return options

    def control(self, method, path, body=None, headers=()):
        """A call of the control API: its status and its decoded answer."""
        request = urllib.request.Request(
            f"{self.url}/_brume/{path}",
            method=method,
            data=None if method == "GET" else json.dumps(body or {}).encode(),
            headers={"Content-Type": "application/json", **dict(headers)},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=30) as response:
                return response.status, json.loads(response.read() or b"null")
        except urllib.error.HTTPError as e:
            with e:
                return e.code, json.loads(e.read() or b"null")

    def fetch(self, host, path, method="GET", body=None, headers=None):
        """A plain HTTP request to a host of this cloud: the status, and what was answered, decoded where it is JSON.

        Names below localhost are this machine, whether the resolver knows it or not.
        """
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        headers = {"Host": host, "Content-Type": "application/json", **(headers or {})}
        request = urllib.request.Request(self.url + path, data=data, method=method, headers=headers)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=60) as answer:
                status, text = answer.status, answer.read()
        except urllib.error.HTTPError as e:
            with e:
                status, text = e.code, e.read()
        try:
            return status, json.loads(text) if text else None
        except ValueError:
            return status, text.decode()

    def advance(self, by):
        status, answer = self.control("POST", "clock", {"by": by})
        assert status == 200, answer

    def environment(self, key="test", secret="test", token=None):
        """The variables that point any AWS tool at it."""
        env = clean_environment()
        env.update(
            AWS_ENDPOINT_URL=self.url,
            AWS_ACCESS_KEY_ID=key,
            AWS_SECRET_ACCESS_KEY=secret,
            AWS_DEFAULT_REGION=REGION,
            AWS_PAGER="",
        )
        if token:
            env["AWS_SESSION_TOKEN"] = token
        return env

    def aws(self, *arguments, check=True, **credentials):
        """Runs the AWS CLI, and returns what it printed: JSON decoded, or its complaint.

        The CLI's version 1 ignores AWS_ENDPOINT_URL for SQS in the older regions, because it
        puts AWS's former host name there; so it is told with an option.
        """
        if arguments[0] == "sqs":
            arguments = (*arguments, "--endpoint-url", self.url)
        done = subprocess.run(
            [os.path.join(ROOT, "e2e", ".venv", "bin", "aws"), *arguments],
            env=self.environment(**credentials), capture_output=True, text=True, timeout=60,
        )
        if not check:
            return done
        assert done.returncode == 0, done.stderr
        try:
            return json.loads(done.stdout) if done.stdout.strip() else None
        except ValueError:
            return done.stdout


def until(done, seconds=60):
    """Waits until done() holds, which it asks ten times a second, and says whether it does."""
    never = threading.Event()
    for _ in range(seconds * 10):
        if done():
            return True
        never.wait(0.1)
    return False
