/** The hook of sdk-register.js: the SDKs lie here, and the sample app looks for them where it lies. */
export function resolve(specifier, context, next) {
  return next(specifier, specifier.startsWith('@aws-sdk/') ? { ...context, parentURL: import.meta.url } : context);
}
