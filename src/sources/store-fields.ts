/** The fields of an object as its store knows them, without those that it has no value for. */
export function describedFields(fields: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const result: Record<string, string> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (value !== undefined && value !== '') result[name] = value;
  }
  return result;
}
