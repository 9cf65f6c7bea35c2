"""Starts Brume, deploys the notes application, sends it traffic, tells what happened at each hop, and leaves it running.

Environment: NOTES (200), PORT (4566), STAY=0 ends when the traffic has been.
"""

import concurrent.futures
import os
import signal
import statistics
import sys
import tempfile
import time

from app import PASSWORD, Notes
from brume import Brume, until

NOTES = int(os.environ.get("NOTES", 200))
PORT = int(os.environ.get("PORT", 4566))
PEOPLE = ["ada", "grace", "edsger", "barbara"]


def progress(done, what):
    if sys.stdout.isatty():
        print(f"\r  {what}: {done} of {NOTES}", end="" if done < NOTES else "\n", flush=True)
    elif done == NOTES:
        print(f"  {what}: {done} of {NOTES}", flush=True)


def hop(name, text):
    print(f"  {name:<22} {text}")


def main():
    with tempfile.TemporaryDirectory(prefix="notes-") as directory:
        brume = Brume(data=os.path.join(directory, "data"), log=open(os.path.join(directory, "brume.log"), "w"))
        brume.port = PORT
        brume.start()
        try:
            tour(Notes(brume))
            if os.environ.get("STAY") != "0":
                print("\nCtrl-C ends it.")
                signal.sigwait({signal.SIGINT, signal.SIGTERM})
        finally:
            brume.stop()


def tour(app):
    began = time.monotonic()
    print(f"Brume is up at {app.brume.url}. Deploying with the AWS CLI:")
    app.deploy(lambda line: print(line, flush=True))
    print(f"deployed in {time.monotonic() - began:.0f} s. Traffic:")
    for name in PEOPLE:
        app.sign_up(name)
    took, stored = traffic(app)
    poisonous = app.call("ada", "POST", "/notes", {"text": "this one has poison in it"})[1]
    counted = lambda: sum(n["words"] is not None for name in PEOPLE for n in app.call(name, "GET", "/notes")[1])  # noqa: E731
    wanted = sum(min(50, len([s for s in stored if s[0] == name])) for name in PEOPLE)
    if not until(lambda: counted() >= wanted - 1):
        sys.exit("the notes were not counted in a minute")
    until(lambda: app.calls("notes-worker") > 0)
    for _ in range(3):  # the poisonous note comes back twice, half a minute later
        app.brume.advance("31s")
        until(lambda: app.depth("dead") == 1, 3)
    print("\nWhat happened at each hop:")
    status, page = app.fetch(app.at["site"] + "/")
    hop("S3 website", f"{status}, {len(page)} bytes of index.html")
    hop("Cognito", f"{len(PEOPLE)} people signed in; tokens by RS256")
    hop("HTTP API", f"{len(took)} requests, median {statistics.median(took) * 1000:.1f} ms; without a token: {app.call(None, 'GET', '/notes')[0]}")
    hop("Lambda notes-api", f"{app.calls('notes-api')} calls (Python)")
    items = app.brume.client("dynamodb").scan(TableName="notes", Select="COUNT")["Count"]
    hop("DynamoDB notes", f"{items} items")
    hop("Lambda notes-publish", f"{app.calls('notes-publish')} calls by the stream (Node)")
    hop("SQS notes", f"{app.depth('queue')} messages left")
    hop("Lambda notes-worker", f"{app.calls('notes-worker')} calls by the queue (Python)")
    hop("SQS notes-dead", f"{app.depth('dead')} message: note {poisonous['id']} was tried three times")
    print(f"\n  the site  {app.at['site']}   (sign in as ada, {PASSWORD})\n  the API   {app.at['api']}/notes")
    print(f"  the cloud {app.brume.url}   (eval \"$(bin/brume env)\", then aws …)")


def traffic(app):
    """Everybody writes notes at the same time."""
    took, stored = [], []

    def write(i):
        name = PEOPLE[i % len(PEOPLE)]
        began = time.monotonic()
        status, note = app.call(name, "POST", "/notes", {"text": f"note {i} of {name}, with eight words in it"})
        if status != 201:
            sys.exit(f"a note was not stored: {status} {note}")
        took.append(time.monotonic() - began)
        stored.append((name, note["id"]))

    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        for done, _ in enumerate(pool.map(write, range(NOTES)), 1):
            progress(done, "notes written")
    return took, stored


if __name__ == "__main__":
    main()
