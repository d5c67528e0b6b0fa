import type { RangeSource, Representation } from '../sources/source.js';
import { PrimedContent } from './primed-content.js';

/**
 * Opens the whole of a source. The caller releases the content.
 *
 * @param onResolved called with the representation before its first bytes are read
 * @throws what the source throws
 */
export async function wholeContent(
  source: RangeSource,
  signal: AbortSignal,
  onResolved: (representation: Representation) => void = () => {},
): Promise<PrimedContent> {
  const representation = await source.resolve(signal);
  try {
    signal.throwIfAborted();
    onResolved(representation);
  } catch (error) {
    await representation.close?.();
    throw error;
  }
  const { size } = representation;
  return PrimedContent.read([{ kind: 'bytes', range: undefined, length: size }], size, representation, signal);
}
