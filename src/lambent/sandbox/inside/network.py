"""The network process: makes the router of one server, and connects its sandboxes to it."""

from __future__ import annotations

import os
import select
import signal
import socket
from typing import Any, NoReturn

from . import wire
from .kernel import CallError, set_name
from .nat import Nat
from .router import Router
from .user_mode import UserMode

OPEN, TRY, UNDO = "open", "try", "undo"


def main(fd: int) -> NoReturn:
    """Serve until the server is gone.

    The first order is {"do", "owner", "marker", "tools"}, with "do" one of OPEN, TRY and UNDO, and "tools" the programs
    that an ordinary user's way out takes, none for root's; with OPEN may come the user namespace of one that is lost.
    The others, after OPEN, are {"slots": count}, {"connect"} with a namespace, {"free": number}.
    """
    set_name("lambent-network")
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=fd)
    first = wire.receive(control)
    if first is None:
        os._exit(0)
    order = first.body
    way = UserMode(order, first.fds) if order["tools"] else Nat(order["owner"], order["marker"], dry=order["do"] == TRY)
    if order["do"] != UNDO:
        _run(control, way)
    way.close()
    os._exit(0)


def _run(control: socket.socket, way: Nat | UserMode) -> None:
    try:
        router = way.open()
        sockets = router.name_sockets()
        wire.send(control, {"ready": True, "notes": way.notes}, [*(sock.fileno() for sock in sockets), *way.handed])
        for sock in sockets:
            sock.close()
        _serve(control, way, router)
    except OSError as failed:
        wire.tell(control, _failure(failed))


def _serve(control: socket.socket, way: Nat | UserMode, router: Router) -> None:
    """Until the server is gone, or what the way out needs and can't be had again."""
    waiting = select.poll()
    waiting.register(control, select.POLLIN)
    if isinstance(way, UserMode):
        waiting.register(way.alarm, select.POLLIN)
    while True:
        ready = [fd for fd, _ in waiting.poll()]
        if isinstance(way, UserMode) and way.alarm in ready:
            wire.send(control, {"renewed": way.renew(router)})
            continue
        message = wire.receive(control)
        if message is None:
            return
        if "free" in message.body:
            router.free(message.body["free"])
        elif "connect" in message.body:
            _connect(control, router, message.fds[0])
        else:
            for _ in range(message.body["slots"]):
                _make_slot(control, router)


def _make_slot(control: socket.socket, router: Router) -> None:
    try:
        number, namespace = router.make_slot()
    except OSError as failed:
        wire.tell(control, _failure(failed))
        return
    wire.send(control, {"slot": number}, [namespace])
    os.close(namespace)


def _connect(control: socket.socket, router: Router, namespace: int) -> None:
    try:
        wire.send(control, {"connected": router.connect(namespace)})
    except CallError as failed:
        wire.tell(control, _failure(failed), process=1)  # of a connection, not of a slot


def _failure(failed: OSError) -> dict[str, Any]:
    """As `plan.StepFailed` has it."""
    failure = {"step": "network", "operation": getattr(failed, "operation", "network")}
    return {
        **failure,
        "path": str(failed.filename or ""),
        "errno": failed.errno or 0,
        "text": failed.strerror or str(failed),
    }
