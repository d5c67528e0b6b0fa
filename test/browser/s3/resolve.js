const CLIENT = new URL('client.js', import.meta.url).href;

/** The hook of sdk.js. */
export function resolve(specifier, context, next) {
  return next(specifier === '@aws-sdk/client-s3' ? CLIENT : specifier, context);
}
