"""Kills Brume under a working Celery application, and counts whether anything is lost.

Environment: ORDERS (10000), KILLS (5), KEEP=1 keeps the directory with all logs.
"""

import glob
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]
from brume import ACCOUNT, REGION, Brume, clean_environment  # noqa: E402

ORDERS = int(os.environ.get("ORDERS", 10_000))
KILLS = int(os.environ.get("KILLS", 5))
PRODUCERS = 3
WORKERS = 2
PATIENCE = 60  # seconds without progress
DEAR = 9_000  # cents: what the second queue's filter asks for
POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": "*"}
    ],
}


class Shop:
    """The cloud, the application's processes, and what they have written down."""

    def __init__(self, directory):
        self.directory = directory
        self.log = open(os.path.join(directory, "brume.log"), "w")
        self.brume = Brume(data=os.path.join(directory, "data"), log=self.log)
        self.workers, self.producers = [], []
        self.kills, self.longest_outage, self.worker_restarts = 0, 0.0, 0
        self.offsets, self.done, self.executions, self.acknowledged = {}, set(), 0, set()
        self.began = time.monotonic()

    def build(self):
        """The topic, and the two queues that hear of some of what is announced there."""
        self.brume.start()
        sns, sqs = self.brume.client("sns"), self.brume.client("sqs")
        self.topic = sns.create_topic(Name="prices")["TopicArn"]
        self.queues = {}
        for name, filters in {
            "prices-jp": {"FilterPolicy": json.dumps({"market": ["jp"]})},
            "prices-dear": {
                "FilterPolicy": json.dumps({"cents": [{"numeric": [">=", DEAR]}]}),
                "FilterPolicyScope": "MessageBody",
            },
        }.items():
            attributes = {"Policy": json.dumps(POLICY)}
            self.queues[name] = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
            sns.subscribe(
                TopicArn=self.topic, Protocol="sqs", Attributes={"RawMessageDelivery": "true", **filters},
                Endpoint=f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}",
            )

    def run(self, *command, log):
        env = clean_environment()
        env.update(SHOP_PORT=str(self.brume.port), SHOP_TOPIC=self.topic, SHOP_DIR=self.directory)
        with open(os.path.join(self.directory, log), "a") as f:
            return subprocess.Popen([sys.executable, *command], cwd=HERE, env=env, stdout=f, stderr=f)

    def work(self, number):
        return self.run(
            "-m", "celery", "-A", "shop", "worker", "--concurrency=2", "--loglevel=INFO", "-n", f"worker{number}@%h",
            "--without-gossip", "--without-mingle", "--without-heartbeat", log=f"worker{number}.log",
        )

    def open(self):
        self.workers = [self.work(n) for n in range(WORKERS)]
        bounds = [ORDERS * n // PRODUCERS for n in range(PRODUCERS + 1)]
        for n, (first, last) in enumerate(zip(bounds, bounds[1:])):
            self.producers.append(self.run("producer.py", str(first), str(last), log=f"producer{n}.log"))

    def look(self):
        """Reads what the processes wrote since the last look."""
        for path in glob.glob(os.path.join(self.directory, "*-[0-9]*")):
            with open(path) as f:
                f.seek(self.offsets.get(path, 0))
                lines = f.read()
            lines = lines[: lines.rfind("\n") + 1]
            self.offsets[path] = self.offsets.get(path, 0) + len(lines)
            ids = [line.split(" ")[0] for line in lines.splitlines()]
            if "/executed-" in path:
                self.executions += len(ids)
                self.done.update(ids)
            else:
                self.acknowledged.update(ids)
        # Start what ended again, as any service manager would: a kombu of version 5.7 or before
        # ends with an AttributeError when its connection breaks during a long poll.
        for n, worker in enumerate(self.workers):
            if worker.poll() is not None:
                self.worker_restarts += 1
                self.workers[n] = self.work(n)

    def finished(self):
        return len(self.done) >= ORDERS and len(self.acknowledged) >= ORDERS

    def kill(self):
        """kill -9, and up again on the same data and port half a second later."""
        began = time.monotonic()
        self.brume.kill()
        time.sleep(0.5)
        self.brume.start()
        self.kills += 1
        self.longest_outage = max(self.longest_outage, time.monotonic() - began)

    def close(self):
        """Ends everything in order, and returns what did not end well."""
        wrong = []
        for p in self.workers + self.producers:
            if p.poll() is None:
                p.send_signal(signal.SIGTERM)
        for p in self.workers + self.producers:
            try:
                status = p.wait(30)
            except subprocess.TimeoutExpired:
                p.kill()
                p.wait()
                status = "kill -9"
            if status != 0:
                wrong.append(f"{' '.join(p.args[1:5])} ended with {status}")
        if self.brume.process and self.brume.process.poll() is None and (status := self.brume.stop()) != 0:
            wrong.append(f"brume ended with {status}")
        self.log.close()
        return wrong


def show(shop, last=[0.0]):
    """One line: rewritten on a terminal, now and then a new one elsewhere."""
    terminal = sys.stdout.isatty()
    if not terminal and time.monotonic() - last[0] < 10 and not shop.finished():
        return
    last[0] = time.monotonic()
    line = (
        f"{time.monotonic() - shop.began:4.0f} s   sent {len(shop.acknowledged):6,}   "
        f"done {len(shop.done):6,} of {ORDERS:,}   killed {shop.kills} of {KILLS} times"
    )
    print(f"\r{line}\033[K" if terminal else line, end="" if terminal else "\n", flush=True)


def watch(shop):
    """Looks on until all is done, and kills Brume at even steps of the way."""
    moved, before = time.monotonic(), -1
    while not shop.finished() or shop.kills < KILLS:
        time.sleep(0.1)
        shop.look()
        show(shop)
        way = len(shop.acknowledged) + len(shop.done)
        if shop.kills < KILLS and way >= 2 * ORDERS * (shop.kills + 1) / (KILLS + 1):
            shop.kill()
        if way != before:
            moved, before = time.monotonic(), way
        if time.monotonic() - moved > PATIENCE:
            print(f"\nnothing has moved for {PATIENCE} s")
            return
    print()


def drain(sqs, url, expected):
    """The numbers of the orders announced in a queue, and how many messages told them."""
    numbers, messages, empty = set(), 0, 0
    while empty < 2:
        got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=2).get("Messages", [])
        empty = 0 if got else empty + 1
        for m in got:
            numbers.add(json.loads(m["Body"])["number"])
        messages += len(got)
        if got:
            entries = [{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(got)]
            sqs.delete_message_batch(QueueUrl=url, Entries=entries)
        elif numbers >= expected:
            break
    return numbers, messages


def orders_for():
    """What each queue must have heard of, worked out without any cloud."""
    os.environ.update(SHOP_PORT="0", SHOP_TOPIC="", SHOP_DIR="")
    from shop import order, total

    all_orders = [order(n) for n in range(ORDERS)]
    return {
        "prices-jp": {o["number"] for o in all_orders if o["market"] == "jp"},
        "prices-dear": {o["number"] for o in all_orders if total(o["lines"]) >= DEAR},
    }


def inspect(shop):
    """The same, seen with the AWS CLI."""
    for name, arguments in {
        "shop-orders": ["get-queue-attributes", "--attribute-names", "ApproximateNumberOfMessages",
                        "ApproximateNumberOfMessagesNotVisible"],
        "prices-jp": ["get-queue-attributes", "--attribute-names", "ApproximateNumberOfMessages"],
        "prices-dear": ["receive-message", "--visibility-timeout", "0", "--query", "Messages[].Body"],
    }.items():
        url = f"{shop.brume.url}/{ACCOUNT}/{name}"
        print(f"$ aws sqs {arguments[0]} --queue-url {url} {' '.join(arguments[1:])}")
        print("  " + json.dumps(shop.brume.aws("sqs", *arguments, "--queue-url", url)))


def judge(shop):
    """Prints what came of it, and returns what is wrong."""
    wrong = []

    def line(what, count, missing, more=""):
        print(f"  {'ok  ' if not missing else 'LOST'} {what:<44} {count:>7,}{more}")
        if missing:
            wrong.append(f"{what}: {len(missing)} missing, such as {sorted(missing)[:5]}")

    everything = {f"order-{n}" for n in range(ORDERS)}
    print()
    line("tasks acknowledged by the broker", len(shop.acknowledged), everything - shop.acknowledged)
    again = f", and {shop.executions - len(shop.done):,} of them again"
    line("acknowledged tasks executed", len(shop.done), shop.acknowledged - shop.done, again)
    sqs = shop.brume.client("sqs")
    for name, expected in orders_for().items():
        numbers, messages = drain(sqs, shop.queues[name], expected)
        line(f"announced to {name}", len(numbers), expected - numbers, f", in {messages:,} messages")
        if numbers - expected:
            wrong.append(f"{name} has {len(numbers - expected)} that its filter should have kept out")
    return wrong


def main():
    directory = tempfile.mkdtemp(prefix="brume-demo-")
    shop = Shop(directory)
    wrong = ["it was interrupted"]
    try:
        print(f"{ORDERS:,} tasks from {PRODUCERS} producers to {WORKERS} Celery workers; Brume is killed {KILLS} times")
        shop.build()
        shop.open()
        watch(shop)
        inspect(shop)
        wrong = judge(shop)
    finally:
        wrong += shop.close()
        keep = wrong or os.environ.get("KEEP")
        if not keep:
            shutil.rmtree(directory)
    took = time.monotonic() - shop.began
    print(f"\n  {shop.kills} times kill -9, up again within {shop.longest_outage:.1f} s; {took:.0f} s in all", end="")
    print(f"; workers restarted {shop.worker_restarts} times" if shop.worker_restarts else "")
    if keep:
        print(f"  logs and data: {directory}")
    for w in wrong:
        print(f"  WRONG {w}")
    print("  Something is wrong." if wrong else "  Nothing was lost.")
    return 1 if wrong else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main())
