// Which octets of a file were asked for, sent and given up. Spans are `[start, end)`, in octets.

/**
 * The octets that some exchanges were about. `sent`: spans that do not overlap, each with how many times it was sent;
 * `awaited`: asked for, and still to come; `givenUp`: asked for by a client that left before they came.
 */
export function coverageOf(exchanges) {
  const [sent, awaited, givenUp] = [[], [], []];
  for (const exchange of exchanges) {
    let octetsLeft = exchange.octetsSent;
    for (const { firstPos, lastPos } of exchange.ranges) {
      const sentEnd = Math.min(firstPos + octetsLeft, lastPos + 1);
      octetsLeft -= sentEnd - firstPos;
      sent.push([firstPos, sentEnd]);
      (exchange.outcome === undefined ? awaited : givenUp).push([sentEnd, lastPos + 1]);
    }
    if (isWhole(exchange) && exchange.size === undefined) sent.push([0, exchange.octetsSent]);
  }
  return { sent: layers(sent), awaited: layers(awaited), givenUp: layers(givenUp) };
}

/** The complete length; where it is not told yet (of several ranges, or of what is being made), as much of it as is known. */
export function sizeOf(exchanges) {
  const sizes = exchanges.map(({ size }) => size).filter((size) => size !== undefined);
  const ends = exchanges.flatMap(({ ranges }) => ranges.map(({ lastPos }) => lastPos + 1));
  return sizes.at(-1) ?? Math.max(0, ...ends, ...exchanges.filter(isWhole).map(({ octetsSent }) => octetsSent));
}

/** How many octets the spans have. */
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
