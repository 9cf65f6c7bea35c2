"""Applications that nobody here wrote: the templates of AWS Chalice, deployed by its own tool, unmodified."""

import importlib.util
import json
import os
import subprocess
import sys

import pytest

from brume import until

pytestmark = pytest.mark.skipif(importlib.util.find_spec("chalice") is None, reason="Chalice knows Python 3.10 to 3.12")


class Project:
    """A new project of a template."""

    def __init__(self, brume, directory, template, **config):
        self.brume, self.directory = brume, directory / "app"
        self.chalice("new-project", "--project-type", template, "app", at=directory)
        if config:
            path = self.directory / ".chalice" / "config.json"
            path.write_text(json.dumps({**json.loads(path.read_text()), **config}))

    def chalice(self, *arguments, at=None):
        env = {**self.brume.environment(), "HOME": str(self.directory.parent)}
        done = subprocess.run(
            [os.path.join(os.path.dirname(sys.executable), "chalice"), *arguments],
            cwd=at or self.directory, env=env, capture_output=True, text=True, timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


def test_a_rest_api(brume, tmp_path):
    app = Project(brume, tmp_path, "rest-api")
    (app.directory / "requirements.txt").touch()
    assert "Rest API URL" in app.chalice("deploy")
    url = app.chalice("url").strip()
    host, path = url.removeprefix("https://").split("/", 1)
    assert brume.fetch(host, "/" + path) == (200, {"hello": "world"})
    assert brume.fetch(host, "/api/nothing") == (403, {"message": "Missing Authentication Token"})
    source = app.directory / "app.py"
    source.write_text(
        source.read_text()
        + """
@app.route('/people/{name}', methods=['PUT'], cors=True)
def put(name):
    return {'name': name, 'given': app.current_request.json_body, 'query': app.current_request.query_params}

@app.authorizer()
def who(request):
    from chalice import AuthResponse
    return AuthResponse(routes=['*'] if request.token == 'let-me' else [], principal_id='ada')

@app.route('/secret', authorizer=who)
def secret():
    return {'principal': app.current_request.context['authorizer']['principalId']}
"""
    )
    app.chalice("deploy")
    assert app.chalice("url").strip() == url
    assert brume.fetch(host, "/api/people/ada?x=1", "PUT", {"n": 1}) == (200, {"name": "ada", "given": {"n": 1}, "query": {"x": "1"}})
    assert brume.fetch(host, "/api/secret") == (401, {"message": "Unauthorized"})
    assert brume.fetch(host, "/api/secret", headers={"Authorization": "nobody"})[0] == 403
    assert brume.fetch(host, "/api/secret", headers={"Authorization": "let-me"}) == (200, {"principal": "ada"})
    app.chalice("delete")
    assert brume.fetch(host, "/" + path)[0] in (403, 404)
    assert brume.client("lambda").list_functions()["Functions"] == []


def test_a_handler_of_a_buckets_events(brume, tmp_path):
    s3, name = brume.client("s3"), "chalice-events"
    s3.create_bucket(Bucket=name)
    app = Project(brume, tmp_path, "s3-event-handler", environment_variables={"APP_BUCKET_NAME": name})
    app.chalice("deploy")
    s3.put_object(Bucket=name, Key="photo", Body=b"x")
    assert until(lambda: "key: photo" in app.chalice("logs", "--name", "s3_handler"))
    app.chalice("delete")
