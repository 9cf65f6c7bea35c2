"""Sends the orders FIRST to LAST, and writes down each one that the broker has acknowledged.

Usage: producer.py FIRST LAST
"""

import logging
import os
import sys
import time

from shop import DIR, order, price

logging.disable(logging.CRITICAL)  # a broker that is away for a moment is what this is about


def send(number):
    """Sends one order until the broker has it. Trying again keeps the task's id."""
    task = f"order-{number}"
    while True:
        try:
            price.apply_async(kwargs=order(number), task_id=task, retry=False)
            return task
        except Exception:
            time.sleep(0.05)


first, last = int(sys.argv[1]), int(sys.argv[2])
with open(os.path.join(DIR, f"acknowledged-{os.getpid()}"), "a", buffering=1) as acknowledged:
    for number in range(first, last):
        acknowledged.write(send(number) + "\n")
