// This process's `Date` is the platform's, read from the clock's dial (see `lambent.dispatch.dial`): scale (float64),
// monotonic_ns, wall_ns (int64). Loaded with --require, so that worker threads have it, too. process.hrtime, timers and
// performance are left alone.
'use strict';

const fs = require('node:fs');
const { getEnvironmentData, isMainThread, setEnvironmentData } = require('node:worker_threads');

const VARIABLE = '_LAMBENT_DIAL';
const MILLION = 1000000n;

/** Milliseconds since 1970 by the dial at `path`, as a function. */
function reader(path) {
  const { readSync } = fs;
  const { bigint: monotonic } = process.hrtime;
  const fd = fs.openSync(path, 'r');
  const page = new DataView(new ArrayBuffer(24));
  readSync(fd, page, 0, 24, 0);
  const scale = page.getFloat64(0, true);
  const began = page.getBigInt64(8, true);
  const wall = page.getBigInt64(16, true);
  if (scale !== 0) {
    fs.closeSync(fd);
    return () => Number((wall + BigInt(Math.trunc(Number(monotonic() - began) * scale))) / MILLION);
  }
  const word = () => {
    readSync(fd, page, 16, 8, 16);
    return page.getBigInt64(16, true);
  };
  return () => {
    // A read may fall into a move of the clock and bring half of it: twice the same is whole.
    let [before, now] = [word(), word()];
    while (before !== now) {
      [before, now] = [now, word()];
    }
    return Number(now / MILLION);
  };
}

/** `Date` for `now`: the real one behind a proxy, so that prototypes, subclasses and `instanceof` stay as they are. */
function exchange(now) {
  const Real = Date;
  Real.now = now;
  const Told = new Proxy(Real, {
    construct: (target, given, kind) => Reflect.construct(target, given.length ? given : [now()], kind),
    apply: () => new Real(now()).toString(),
  });
  Object.defineProperty(Real.prototype, 'constructor', { value: Told, writable: true, configurable: true });
  Object.defineProperty(globalThis, 'Date', { value: Told, writable: true, configurable: true });
}

/** What is formatted without a date is now. */
function exchangeFormats(now) {
  const { prototype } = Intl.DateTimeFormat;
  const { get } = Object.getOwnPropertyDescriptor(prototype, 'format');
  const { formatToParts } = prototype;
  const format = function () {
    const bound = get.call(this);
    return (date) => bound(date === undefined ? now() : date);
  };
  Object.defineProperty(prototype, 'format', { get: format, configurable: true });
  const parts = function (date) {
    return formatToParts.call(this, date === undefined ? now() : date);
  };
  Object.defineProperty(prototype, 'formatToParts', { value: parts, writable: true, configurable: true });
}

const dial = process.env[VARIABLE] ?? getEnvironmentData(VARIABLE);
if (dial) {
  delete process.env[VARIABLE];
  setEnvironmentData(VARIABLE, dial);
  const machine = Date.now;
  const now = reader(dial);
  exchange(now);
  exchangeFormats(now);
  if (isMainThread) {
    globalThis[Symbol.for('lambent.time')] = { machine, now }; // for start.mjs, which takes it away
  }
}
