"""The loop that gives out jobs, whoever runs them."""

import queue
from collections import deque


class Hands:
    """Whoever runs jobs, several at once: `Here` or a `Cluster`."""

    def __init__(self):
        self.told = queue.SimpleQueue()  # pairs of a job and news of it, see `messages`
        self.stopping = False

    def is_alive(self):
        """True while somebody can run jobs."""
        return True

    def run(self, jobs, stop):
        """Run them until `stop` has a `number`: yield jobs and messages, at times None and None."""
        waiting, running = deque(jobs), []
        while running and self.is_alive() or waiting and not self.stopping:
            while waiting and not self.stopping and self.has_room(waiting[0], running):
                running.append(waiting.popleft())
                self.begin(running[-1])
            if stop.number and not self.stopping:
                self.stopping = True
                self.stop()
            try:
                job, told = self.told.get(timeout=0.2)
            except queue.Empty:
                yield None, None
                continue
            for message in self.messages(job, told):
                if "ended" in message:
                    running.remove(job)
                if message.get("ended") == "for now":
                    waiting.appendleft(job)
                else:
                    yield job, message
