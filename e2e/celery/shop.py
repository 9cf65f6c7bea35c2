"""A small Celery application: it prices orders, and announces each price.

It is written as one would for AWS: Celery's own SQS transport, boto3 for SNS, late
acknowledgement. Nothing in it knows of Brume; where the cloud is comes from outside.
"""

import json
import os
import random
import time

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from celery import Celery
from celery.signals import worker_process_init

PORT = os.environ["SHOP_PORT"]
TOPIC = os.environ["SHOP_TOPIC"]
DIR = os.environ["SHOP_DIR"]

app = Celery("shop", broker=f"sqs://test:test@localhost:{PORT}//")
app.conf.update(
    broker_transport_options={
        "region": "us-east-1",
        "is_secure": False,
        "queue_name_prefix": "shop-",
        "visibility_timeout": 15,
        "wait_time_seconds": 5,
        "polling_interval": 0.2,
        "client-config": {"connect_timeout": 2, "read_timeout": 20, "retries": {"total_max_attempts": 2}},
    },
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    task_default_queue="orders",
    task_ignore_result=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=10,
    worker_enable_remote_control=False,
)

MARKETS = ["de", "fr", "jp", "us"]

_announcer = None
_executed = None


def order(number):
    """What order NUMBER is about; the same every time."""
    chance = random.Random(number)
    lines = [[chance.randint(1, 9), chance.randint(99, 1999)] for _ in range(chance.randint(1, 4))]
    return {"number": number, "market": chance.choice(MARKETS), "lines": lines}


def total(lines):
    return sum(count * cents for count, cents in lines)


@worker_process_init.connect
def open_connections(**_):
    """Each process has its own client, and its own file of what it executed."""
    global _announcer, _executed
    session = boto3.Session("test", "test", region_name="us-east-1")
    config = Config(connect_timeout=2, read_timeout=10, retries={"total_max_attempts": 2})
    _announcer = session.client("sns", endpoint_url=f"http://localhost:{PORT}", config=config)
    _executed = open(os.path.join(DIR, f"executed-{os.getpid()}"), "a", buffering=1)


@app.task(bind=True)
def price(self, number, market, lines):
    """Prices an order, announces the price, and writes down that it did."""
    cents = total(lines)
    while True:
        try:
            _announcer.publish(
                TopicArn=TOPIC,
                Message=json.dumps({"number": number, "cents": cents}),
                MessageAttributes={"market": {"DataType": "String", "StringValue": market}},
            )
            break
        except (BotoCoreError, ClientError):
            time.sleep(0.1)  # an announcement is made, or the task is not done
    _executed.write(f"{self.request.id} {number} {cents}\n")
