const CLIENT = new URL('s3-client.js', import.meta.url).href;

/** The hook of s3-sdk.js. */
export function resolve(specifier, context, next) {
  return next(specifier === '@aws-sdk/client-s3' ? CLIENT : specifier, context);
}
