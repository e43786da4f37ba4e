"""Inline Map states of moto's interpreter: as many iterations at once as on AWS, and any number one after another.

Source: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html
"""

from collections.abc import Callable
from typing import Any

from lambent.neighbour.bridges.handing import Gateway

MOST_AT_ONCE = 40


def bounded(_gateway: Gateway, former: Callable[..., None]) -> Callable[..., None]:
    """Around moto's `InlineIterationComponentEvalInput.__init__`, by which there is a thread for each item."""

    def init(
        given: Any, state_name: str, max_concurrency: int, input_items: Any, parameters: Any, item_selector: Any
    ) -> None:
        most = min(max_concurrency or MOST_AT_ONCE, MOST_AT_ONCE)
        former(given, state_name, most, input_items, parameters, item_selector)

    return init


def pooled(_gateway: Gateway, _former: Any) -> Callable[..., None]:
    """In place of moto's `IterationWorker._eval_pool`, which calls itself for each item."""

    def run(worker: Any, job: Any, worker_frame: Any) -> None:
        while job is not None:
            frame = worker_frame.open_inner_frame()
            worker._eval_job(env=frame, job=job)
            worker_frame.close_frame(frame)
            following = None
            if not isinstance(job.job_output, Exception) and not worker.stopped():
                following = worker._job_pool.next_job()
            if following is None:
                last = frame.event_history_context.last_published_event_id
                worker_frame.event_history_context.source_event_id = last
                worker._env.close_frame(worker_frame)
            worker._job_pool.close_job(job)
            if following is None:
                return
            job = following
        worker._env.close_frame(worker_frame)

    return run
