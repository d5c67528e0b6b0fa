/** The headers that a store has for an object, without empty ones. */
export function describedHeaders(headers: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && value !== '') result[name] = value;
  }
  return result;
}
