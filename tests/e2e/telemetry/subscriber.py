"""An external extension: subscribes to telemetry and appends what it gets to a file, a line for each request.

Arguments come by environment variables of the function: SUBSCRIBER_PATH, SUBSCRIBER_BODY, SUBSCRIBER_FILE.
"""

import json
import os
import socketserver
import sys
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, HTTPServer

API = os.environ["AWS_LAMBDA_RUNTIME_API"]
FILE = os.environ["SUBSCRIBER_FILE"]
NAME = os.path.basename(sys.argv[0])


class Listener(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        keep(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_PUT = do_POST

    def log_message(self, *args):
        pass


class Lines(socketserver.StreamRequestHandler):
    def handle(self):
        for line in self.rfile:
            keep([json.loads(line)])


def keep(records):
    with open(FILE, "a") as file:
        file.write(json.dumps(records) + "\n")


def call(method, path, body=None, **headers):
    data = None if body is None else body.encode()
    request = urllib.request.Request(f"http://{API}{path}", data, method=method, headers=headers)
    with urllib.request.urlopen(request) as answer:
        return answer.headers, json.loads(answer.read() or "null")


def main():
    register = {"Lambda-Extension-Name": NAME}
    events = json.dumps({"events": ["INVOKE", "SHUTDOWN"]})
    headers, _ = call("POST", "/2020-01-01/extension/register", events, **register)
    me = {"Lambda-Extension-Identifier": headers["Lambda-Extension-Identifier"]}
    body = os.environ["SUBSCRIBER_BODY"]
    if json.loads(body)["destination"]["protocol"] == "TCP":
        server = socketserver.TCPServer(("sandbox.localdomain", 8081), Lines)
    else:
        server = HTTPServer(("sandbox.localdomain", 8080), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _, answer = call("PUT", os.environ["SUBSCRIBER_PATH"], body, **me, **{"Content-Type": "application/json"})
    print("subscribed:", answer, flush=True)
    while True:
        _, event = call("GET", "/2020-01-01/extension/event/next", **me)
        if event["eventType"] == "SHUTDOWN":
            return


main()
