// The part of AWS's Node.js runtime client that is native code on AWS: the Runtime API, spoken synchronously.
//
// Answers are posted while JavaScript stands still, and a process may exit right after; so a blocking socket is used,
// written and read with the synchronous calls of `fs`. Only the wait for the next invocation is off the main thread
// (`fs.read`), as it is on AWS. Same functions, same results as AWS's `rapid-client.node`.

import fs from 'node:fs';
import net from 'node:net';

const BASE = '/2018-06-01/runtime/invocation/';
const HEADERS = [
  'lambda-runtime-client-context',
  'lambda-runtime-cognito-identity',
  'lambda-runtime-aws-tenant-id',
];
const XRAY_LIMIT = 1024 * 1024;

/** One response on its way in. */
class Response {
  #parts = [];
  #size = 0;
  #needed = -1;

  /** Takes what was read; true when the response is whole. */
  add(chunk) {
    this.#parts.push(chunk);
    this.#size += chunk.length;
    if (this.#needed < 0) {
      this.#head();
    }
    return this.#needed >= 0 && this.#size >= this.#needed;
  }

  #head() {
    const all = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts);
    this.#parts = [all];
    const end = all.indexOf('\r\n\r\n');
    if (end < 0) {
      return;
    }
    const [first, ...lines] = all.toString('utf8', 0, end).split('\r\n');
    this.status = Number(first.split(' ')[1]);
    this.headers = {};
    for (const line of lines) {
      const colon = line.indexOf(':');
      this.headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    this.start = end + 4;
    this.#needed = this.start + Number(this.headers['content-length'] ?? 0);
  }

  get body() {
    return Buffer.concat(this.#parts).toString('utf8', this.start, this.#needed);
  }
}

/** The client for `address` (host:port); `deadline` makes of that header what AWS's client subtracts the time from. */
export async function connect(address, deadline) {
  const [host, port] = address.split(':');
  const socket = await new Promise((resolve, reject) => {
    const opening = net.connect({ host, port: Number(port), noDelay: true }, () => resolve(opening));
    opening.once('error', reject);
  });
  // From here on the descriptor alone is used, and nothing of the event loop.
  socket._handle.readStop();
  socket._handle.setBlocking(true);
  socket.unref();
  return client(socket._handle.fd, address, socket, deadline);
}

function client(fd, host, socket, deadline) {
  const buffer = Buffer.allocUnsafe(65536);

  function send(text, body) {
    const head = Buffer.from(text);
    let data = body === undefined ? head : Buffer.concat([head, body]);
    while (data.length > 0) {
      data = data.subarray(fs.writeSync(fd, data));
    }
  }

  function post(path, text, headers) {
    const body = Buffer.from(text);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const about = `Host: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n`;
    send(`POST ${BASE}${path} HTTP/1.1\r\n${about}${lines.join('')}\r\n`, body);
    const response = new Response();
    for (;;) {
      const count = fs.readSync(fd, buffer);
      if (count === 0 || response.add(Buffer.from(buffer.subarray(0, count)))) {
        return;
      }
    }
  }

  function next() {
    return new Promise((resolve, reject) => {
      const response = new Response();
      const failed = (code) => reject(new Error(`Failed to get next invocation, error ${code}`));
      const read = () =>
        fs.read(fd, buffer, 0, buffer.length, null, (error, count) => {
          if (error || count === 0) {
            failed(error ? error.code : -1);
          } else if (!response.add(Buffer.from(buffer.subarray(0, count)))) {
            read();
          } else if (response.status !== 200) {
            failed(response.status);
          } else {
            resolve(invocation(response, deadline));
          }
        });
      try {
        send(`GET ${BASE}next HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
        read();
      } catch (error) {
        failed(error.code);
      }
    });
  }

  return {
    socket, // kept, or the descriptor would be closed
    next,
    done: (id, text) => post(`${id}/response`, text, {}),
    error: (id, text, xray) =>
      post(`${id}/error`, text, xray.length < XRAY_LIMIT ? { 'lambda-runtime-function-xray-error-cause': xray } : {}),
  };
}

function invocation(response, deadline) {
  const given = response.headers;
  const headers = {
    'lambda-runtime-deadline-ms': deadline(given['lambda-runtime-deadline-ms']),
    'lambda-runtime-aws-request-id': given['lambda-runtime-aws-request-id'],
    'lambda-runtime-trace-id': given['lambda-runtime-trace-id'] ?? '',
    'lambda-runtime-invoked-function-arn': given['lambda-runtime-invoked-function-arn'] ?? '',
  };
  for (const name of HEADERS) {
    if (given[name]) {
      headers[name] = given[name];
    }
  }
  return { bodyJson: response.body, headers };
}
