import { ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import { Writable } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { isHttp2 } from './http2-response.js';

/**
 * A method between a response and the kernel, and a pattern in its original code that no wrapper contains: in that of Node.js,
 * of Deno, which is the same without the names of local variables, and of Bun.
 */
type Method = readonly [name: string, code: RegExp];

const RESPONSE_METHODS: readonly Method[] = [
  ['write', /\bwrite_\(this, ?\w+, ?\w+, ?\w+, ?false\)|\bbufferPipelinedWrite\(this, /],
  ['end', /\bwrite_\(this, ?\w+, ?\w+, ?|\bbufferPipelinedEnd\(this, /],
  ['_send', /\bthis\._headerSent\b|\bthis\[headerStateSymbol\]/],
  ['_writeRaw', /\bthis\.outputData\.push\(|\w\(this\.outputData,|\bqueued\.ops\.push\(/],
];

const HTTP2_METHODS: readonly Method[] = [
  ['write', /\b\w+\.ending\b.*\bthis\.writeHead\(\w+\.statusCode\)/s],
  ['end', /\bonStreamCloseResponse\b/],
];

const SOCKET_METHODS: readonly Method[] = [
  ['write', /\b_write\(this, ?\w+, ?\w+, ?\w+\)/],
  ['_write', /\bthis\._writeGeneric\(false, ?\w+/],
  ['_writev', /\bthis\._writeGeneric\(true, ?\w+/],
  ['_writeGeneric', /\bthis\._pendingEncoding\b/],
];

/** Handles that write to a connection of the kernel. */
const KERNEL_HANDLES: ReadonlySet<unknown> = new Set(['TCP', 'Pipe', 'TCPWrap', 'PipeWrap']);

interface Handle {
  /** The handle of the socket below TLS. */
  readonly _parent?: Handle | null;
}

/**
 * Whether a write to a response goes straight to the kernel: its callback then means that the kernel has the data, and
 * nobody else can hold it. A connection that is a stream of the app's own calls back once it has queued the data; a wrapper
 * around a method, on the object or its prototype, may keep it. False in doubt.
 */
export function isWrittenToKernel(response: Writable): boolean {
  if (!(response instanceof ServerResponse)) return false;
  const { socket } = response.req; // response.socket is null once it has finished
  return isAsShipped(response) && areShipped(socket, SOCKET_METHODS) && isOfKernel(socket);
}

/** Whether a middleware has wrapped the methods of the response: it may keep chunks, or never call write callbacks. */
export function isPatched(response: Writable): boolean {
  if (response instanceof ServerResponse || isHttp2(response)) return !isAsShipped(response);
  return response.write !== Writable.prototype.write || response.end !== Writable.prototype.end;
}

/** Whether the writing methods of a response are the original ones of Node.js. */
export function isAsShipped(response: Writable): boolean {
  return areShipped(response, isHttp2(response) ? HTTP2_METHODS : RESPONSE_METHODS);
}

function isOfKernel(socket: Socket & { readonly _handle?: Handle | null }): boolean {
  if (!(socket instanceof Socket)) return false;
  const { _handle: handle } = socket;
  const lowest = socket instanceof TLSSocket ? handle?._parent : handle;
  return KERNEL_HANDLES.has(lowest?.constructor.name);
}

function areShipped(object: object, methods: readonly Method[]): boolean {
  return methods.every(([name, code]) => isShipped(Reflect.get(object, name), code));
}

/** Results by function: reading its code costs more than sending a small response. */
const shipped = new WeakMap<object, boolean>();

function isShipped(method: unknown, code: RegExp): boolean {
  if (typeof method !== 'function') return false;
  const known = shipped.get(method);
  if (known !== undefined) return known;
  const result = code.test(Function.prototype.toString.call(method));
  shipped.set(method, result);
  return result;
}

/** Lets a method of ours that only calls another count as that one. */
export function trustAs(method: object, wrapped: object): void {
  const isTrusted = shipped.get(wrapped);
  if (isTrusted !== undefined) shipped.set(method, isTrusted);
}
