/**
 * What does not depend on the runtime, what `bytesSent` is known to lack there, what is shown by filling the thread pool of
 * Node.js, and stores: their SDKs are not tested on other runtimes.
 */
export const ELSEWHERE =
  /^(?:docs|stores)\/|^lifetime\/sent-bytes|^files\/resident-reads|^responses\/(?:numeric-options|rate-limit)|^nest\/errors/;

/** Content that only the end of a connection over TLS ends. */
const ENDED_BY_TLS = new RegExp(
  'over TLS, HTTP/1\\.0, on \\w+ › (?:/(?:failing|unending)-unknown |' +
    'a response is cut off when (?:its handler fails later|something (?:ends it(?:, of unknown| with| several| whose)|writes to it: ' +
    '/(?:unknown|observed|patched)))|' +
    'a response that was not negotiated )',
);

/** What of a response that is cut off the kernel has taken. */
const BYTES_SENT = /observability\.spec.* › (?:counts |what failed after the head)/;

/**
 * Tests that fail because of the runtime itself, and have to: when one passes, the runtime was mended, and its row here and in
 * docs/runtimes.md goes. `mayPass`: it depends on where a chunk ends.
 */
export const QUIRKS = {
  node: [],
  bun: [
    { tests: ENDED_BY_TLS, because: 'below a TLS socket there is none that could be reset' },
    { tests: BYTES_SENT, because: 'no handle tells how much of a chunk was written', mayPass: true },
    {
      tests: /held-memory\.spec.* › the prototype of sockets, of bytes=0-, /,
      because: 'the server writes without the methods of net.Socket',
    },
    {
      tests: /held-memory\.spec.* › memory that is no longer referenced is reused/,
      because: 'sockets do not show their handles',
    },
    {
      tests: /hardening\.spec.* › a tool that has patched the responses/,
      because: 'ServerResponse has its own write()',
    },
    {
      tests: /trailers\.spec.* › trailers by (?:the header Trailer|chunks that a middleware asks for) on Express › /,
      because: 'the server sends no trailers with what is ended at once, and ends the connection on a 304 with Trailer',
      mayPass: true,
    },
  ],
  deno: [
    {
      tests: ENDED_BY_TLS,
      because: 'a client, such as that of the spec, takes the reset of a connection with TLS for its end',
    },
    { tests: BYTES_SENT, because: 'no handle tells how much of a chunk was written', mayPass: true },
    {
      tests: /cuts\.spec.* › over an injected Duplex, HTTP\/1\.1, on fastify › \/failing-/,
      because: 'the server calls methods of net.Socket that a Duplex lacks',
    },
    {
      tests: /hardening\.spec.* › is closed at once when its file was renamed/,
      because: 'file times have milliseconds, so a rename in the millisecond of a write does not show',
      mayPass: true,
    },
  ],
};
