// Which bytes of a file were requested, which were sent, and which the client did not read. Spans are `[start, end)`, in bytes.

/**
 * The bytes that some exchanges were about. `sent`: spans that do not overlap, each with how many times it was sent;
 * `awaited`: requested, and still to come; `stopped`: requested by a client that stopped reading before they came.
 */
export function coverageOf(exchanges) {
  const [sent, awaited, stopped] = [[], [], []];
  for (const exchange of exchanges) {
    let bytesLeft = exchange.bytesSent;
    for (const { firstPos, lastPos } of exchange.ranges) {
      const sentEnd = Math.min(firstPos + bytesLeft, lastPos + 1);
      bytesLeft -= sentEnd - firstPos;
      sent.push([firstPos, sentEnd]);
      (exchange.outcome === undefined ? awaited : stopped).push([sentEnd, lastPos + 1]);
    }
    if (isWhole(exchange) && exchange.size === undefined) sent.push([0, exchange.bytesSent]);
  }
  return { sent: layers(sent), awaited: layers(awaited), stopped: layers(stopped) };
}

/** The complete length; `undefined`: it is not known yet, as of what is being made. */
export function sizeOf(exchanges) {
  return exchanges.map(({ size }) => size).findLast((size) => size !== undefined);
}

/** As much of the length as the exchanges tell, where it is not known. */
export function extentOf(exchanges) {
  const ends = exchanges.flatMap(({ ranges }) => ranges.map(({ lastPos }) => lastPos + 1));
  return Math.max(0, ...ends, ...exchanges.filter(isWhole).map(({ bytesSent }) => bytesSent));
}

/** How many bytes the spans have. */
export function lengthOf(spans) {
  return spans.reduce((sum, { start, end }) => sum + end - start, 0);
}

function isWhole({ status }) {
  return status === 200;
}

/** Spans that overlap, cut at each of their ends: how many times is each piece covered? */
function layers(spans) {
  const ends = spans
    .filter(([start, end]) => start < end)
    .flatMap(([start, end]) => [
      [start, 1],
      [end, -1],
    ]);
  ends.sort(([a], [b]) => a - b);
  const pieces = [];
  let times = 0;
  let start = 0;
  for (const [position, step] of ends) {
    if (times > 0 && position > start) addPiece(pieces, start, position, times);
    times += step;
    start = position;
  }
  return pieces;
}

/** Neighbours that are covered equally often are one piece. */
function addPiece(pieces, start, end, times) {
  const last = pieces.at(-1);
  if (last?.end === start && last.times === times) last.end = end;
  else pieces.push({ start, end, times });
}
