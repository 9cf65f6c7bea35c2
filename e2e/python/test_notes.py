"""The notes application (examples/notes), deployed with the AWS CLI: killed under its traffic, and through a week."""

import concurrent.futures
import http.client
import pathlib
import shutil
import sys
import threading

import pytest

from brume import Brume, until

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "examples" / "notes"))
from app import Notes  # noqa: E402

pytestmark = pytest.mark.skipif(
    sys.version_info < (3, 10) or any(shutil.which(tool) is None for tool in ("npm", "zip")), reason="deploy.sh needs npm and zip, and boto3 of today Python 3.10"
)


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    brume = Brume(data=str(tmp_path_factory.mktemp("notes") / "data"))
    brume.start()
    yield Notes(brume).deploy()
    brume.stop()


def written(app):
    """The notes in the table, by id."""
    pages = app.brume.client("dynamodb").get_paginator("scan").paginate(TableName="notes", ConsistentRead=True)
    return {i["id"]["S"]: i for page in pages for i in page["Items"]}


def test_nothing_acknowledged_is_lost_when_it_is_killed(app):
    app.sign_up("ada")
    api, kills, each = app.at["api"], 3, 40
    stored, refused, enough = [], [], threading.Event()

    def write(worker):
        """Writes until it is told to stop. What fails while the server is away is nobody's promise."""
        n = 0
        while not enough.is_set():
            try:
                status, note = app.call("ada", "POST", "/notes", {"text": f"note {n} of {worker}"})
            except (OSError, http.client.HTTPException):
                enough.wait(0.02)
                continue
            n += 1
            if status == 201:
                stored.append(note["id"])
            else:
                refused.append((status, note))

    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        writers = [pool.submit(write, i) for i in range(3)]
        try:
            for kill in range(1, kills + 1):
                assert until(lambda: len(stored) >= kill * each), f"only {len(stored)} notes were stored, others: {refused[-3:]}"
                app.brume.kill()
                app.brume.start()
            assert until(lambda: len(stored) >= (kills + 1) * each)
        finally:
            enough.set()
        for w in writers:
            w.result()
    found = written(app)
    assert set(stored) <= set(found)
    assert app.at["api"] == api and app.call("ada", "GET", f"/notes/{stored[0]}")[0] == 200

    def settled():
        """All are counted, but for what was in the hands of a worker at each of three deaths: that is with the dead."""
        return sum("words" not in i for i in written(app).values()) <= app.depth("dead")

    for _ in range(5):
        if until(settled, 30):
            break
        app.brume.advance("31s")  # what a worker had when it died comes back
    assert settled(), f"the stream and the queue lost some: {app.depth('queue')} are waiting, {app.depth('dead')} are dead"
    app.brume.client("sqs").purge_queue(QueueUrl=app.at["dead"])


def test_a_week_passes(app):
    app.sign_up("grace")
    ids = []
    for day in range(7):
        app.sign_in("grace")
        text = "poison" if day == 0 else "a note of some day"
        status, note = app.call("grace", "POST", "/notes", {"text": text})
        assert status == 201
        ids.append(note["id"])
        if day == 0:
            for _ in range(4):  # three attempts, half a minute apart
                app.brume.advance("31s")
                until(lambda: app.depth("dead") == 1, 3)
        else:
            assert until(lambda: "words" in written(app)[ids[-1]])
        assert app.depth("dead") == (1 if day < 4 else 0), f"on day {day}: a queue keeps messages for four days"
        app.brume.advance("61m")
        assert app.call("grace", "GET", "/notes")[0] == 401, "a token is good for an hour"
        app.brume.advance("22h59m")
    app.sign_in("grace")
    status, notes = app.call("grace", "GET", "/notes")
    assert (status, [n["id"] for n in reversed(notes)]) == (200, ids)
    assert app.call("grace", "DELETE", f"/notes/{ids[0]}")[0] == 204
    assert app.call("grace", "GET", f"/notes/{ids[0]}") == (404, {"error": "There is no such note."})
