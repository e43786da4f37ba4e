// What runs first in a Node.js execution environment: puts the Runtime API in the place of AWS's native part, then
// starts AWS's own runtime client, /var/runtime/index.mjs, unmodified but for what told_deadline.mjs says.

import module, { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { resolveSync } from './node_path.mjs';
import { connect } from './rapid_client.mjs';

// `node` has read NODE_EXTRA_CA_CERTS; the function sees what it would on AWS.
const { _LAMBENT_EXTRA_CA_CERTS: extra } = process.env;
delete process.env._LAMBENT_EXTRA_CA_CERTS;
if (extra) process.env.NODE_EXTRA_CA_CERTS = extra;
else if (extra === '') delete process.env.NODE_EXTRA_CA_CERTS;

const runtime = process.env.LAMBDA_RUNTIME_DIR;
const main = path.join(runtime, 'index.mjs');
const native = path.join(runtime, 'rapid-client.node');

const told = globalThis[Symbol.for('lambent.time')]; // by told_time.cjs, if the time is not the machine's
const hooks = { resolve: resolveSync };
let deadline = Number;
if (told) {
  const { loadByMachine, movingDeadline } = await import('./told_deadline.mjs');
  if (module.registerHooks) {
    hooks.load = loadByMachine(pathToFileURL(main).href);
  } else {
    delete globalThis[Symbol.for('lambent.time')];
    deadline = movingDeadline(told);
  }
}

const require = createRequire(main);
require.cache[native] = {
  id: native,
  filename: native,
  loaded: true,
  exports: await connect(process.env.AWS_LAMBDA_RUNTIME_API, deadline),
  children: [],
  paths: [],
};

if (module.registerHooks) {
  module.registerHooks(hooks);
} else if (module.register) {
  module.register('./node_path.mjs', import.meta.url);
}

process.argv[1] = main;
// The newer client starts by itself when it is imported, the older one has to be told.
const { run } = await import(pathToFileURL(main).href);
await run?.(process.env.LAMBDA_TASK_ROOT, process.env._HANDLER);
