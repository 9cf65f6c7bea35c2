"""SQS over the Query protocol, as boto3 spoke it until 2023."""

import json
import os
import subprocess

from brume import ROOT, clean_environment


def test_an_older_boto3(brume):
    python = os.path.join(ROOT, "e2e", ".venv-query", "bin", "python")
    script = os.path.join(os.path.dirname(__file__), "query_client.py")
    done = subprocess.run(
        [python, "-W", "ignore", script, brume.url], env=clean_environment(), capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "types": ["application/x-www-form-urlencoded; charset=utf-8"],
        "bodies": ["<grün & blau>\n", "2"],
        "attributes": {"StringValue": "1", "DataType": "Number"},
        "received": "1",
        "failed": ["bad"],
        "deleted": 2,
        "tags": {"a": "b"},
        "timeout": "5",
        "listed": True,
        "nowhere": "AWS.SimpleQueueService.NonExistentQueue",
        "handle": "ReceiptHandleIsInvalid",
        "empty": [],
    }
