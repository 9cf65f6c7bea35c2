"""Deploys the notes application to a Brume server and uses it as its people do: over HTTP."""

import json
import os
import shutil
import stat
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(HERE)), "e2e"))
from brume import REGION, clean_environment  # noqa: E402

PASSWORD = "Notes-1234"


class Notes:
    """The deployed application."""

    def __init__(self, brume):
        self.brume = brume
        self.tokens = {}

    def deploy(self, say=print):
        """Runs deploy.sh, as it would be run against AWS."""
        env = clean_environment()
        env.update(
            AWS_ENDPOINT_URL=self.brume.url, AWS_DEFAULT_REGION=REGION, AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test",
            PATH=os.pathsep.join([self._cli(), env["PATH"]]),
        )
        with subprocess.Popen(
            [os.path.join(HERE, "deploy.sh")], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as run:
            lines = []
            for line in run.stdout:
                lines.append(line)
                say(line.rstrip())
        if run.returncode:
            raise RuntimeError("deploy.sh failed:\n" + "".join(lines[-10:]))
        with open(os.path.join(HERE, "build", "outputs.json")) as f:
            self.at = json.load(f)
        return self

    def _cli(self):
        """A directory with aws, which hands AWS CLI 1 the endpoint: version 2 heeds AWS_ENDPOINT_URL by itself."""
        found = os.path.join(os.path.dirname(sys.executable), "aws")
        found = found if os.path.exists(found) else shutil.which("aws")
        if not found:
            raise RuntimeError("install the AWS CLI, or run this with e2e/.venv/bin/python")
        directory = os.path.join(HERE, "build", "bin")
        os.makedirs(directory, exist_ok=True)
        script = os.path.join(directory, "aws")
        with open(script, "w") as f:
            f.write(f'#!/bin/sh\nexec "{found}" --endpoint-url "$AWS_ENDPOINT_URL" "$@"\n')
        os.chmod(script, os.stat(script).st_mode | stat.S_IXUSR)
        return directory

    def sign_up(self, name):
        """Makes a user and signs in."""
        people = self.brume.client("cognito-idp")
        people.admin_create_user(UserPoolId=self.at["pool"], Username=name, MessageAction="SUPPRESS")
        people.admin_set_user_password(UserPoolId=self.at["pool"], Username=name, Password=PASSWORD, Permanent=True)
        return self.sign_in(name)

    def sign_in(self, name):
        said = self.brume.client("cognito-idp").initiate_auth(
            ClientId=self.at["client"], AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": name, "PASSWORD": PASSWORD}
        )
        self.tokens[name] = said["AuthenticationResult"]["IdToken"]

    def call(self, name, method, path, body=None):
        """A request to the API on behalf of somebody, or of nobody: the status, and what was answered."""
        headers = {"Authorization": "Bearer " + self.tokens[name]} if name else {}
        return self.fetch(self.at["api"] + path, method, body, headers)

    def fetch(self, url, *arguments):
        host, _, path = url.split("://", 1)[1].partition("/")
        return self.brume.fetch(host, "/" + path, *arguments)

    def depth(self, queue):
        """How many messages a queue has, whether somebody is at them or not."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self.brume.client("sqs").get_queue_attributes(QueueUrl=self.at[queue], AttributeNames=names)["Attributes"]
        return sum(int(found[n]) for n in names)

    def calls(self, function):
        """How often a function has run, by its log."""
        pages = self.brume.client("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=f"/aws/lambda/{function}", filterPattern="REPORT")
        return sum(len(page["events"]) for page in found)

