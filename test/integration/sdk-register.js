import { register } from 'node:module';

// Imported before the sample app, this lets it find the SDK, as in an app that has installed it.
register('./sdk-resolve.js', import.meta.url);
